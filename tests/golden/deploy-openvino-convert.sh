#!/bin/sh
# Written by pytorch2caffe from the network's preprocessing; change that, not this file.
# The result takes pixels 0 to 255: data in BGR, resized to 12x12.
cd "$(dirname "$0")" || exit
mo --input_model "../net.caffemodel" \
    --input_proto "../net.prototxt" \
    --input "data" \
    --input_shape "[1,3,12,12]" \
    --mean_values "data[104,117,123.5]" \
    --scale_values "data[58.8235294,58.8235294,58.8235294]" \
    --model_name "net" \
    --output_dir .
