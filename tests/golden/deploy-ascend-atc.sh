#!/bin/sh
# Written by pytorch2caffe from the network's preprocessing; change that, not this file.
cd "$(dirname "$0")" || exit
atc --framework=0 \
    --model="../net.prototxt" \
    --weight="../net.caffemodel" \
    --output="net" \
    --input_shape="data:1,3,12,12" \
    --insert_op_conf=aipp.cfg \
    --soc_version="${SOC_VERSION:?set it to your chip, as npu-smi info names it: SOC_VERSION=Ascend310B4}"
