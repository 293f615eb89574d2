#!/bin/sh -e
# Written by pytorch2caffe from the network's preprocessing; change that, not this file.
cd "$(dirname "$0")"
model_transform.py \
    --model_name "net" \
    --model_def "../net.prototxt" \
    --model_data "../net.caffemodel" \
    --input_shapes "[[1,3,12,12]]" \
    --mean 104,117,123.5 \
    --scale 0.017,0.017,0.017 \
    --pixel_format bgr \
    --mlir "net.mlir"
run_calibration.py \
    "net.mlir" \
    --dataset "images" \
    --input_num 2 \
    -o "net.table"
model_deploy.py \
    --mlir "net.mlir" \
    --quantize INT8 \
    --calibration_table "net.table" \
    --processor "${PROCESSOR:?set it to your chip: PROCESSOR=bm1684x}" \
    --model "net.bmodel"
