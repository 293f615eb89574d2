#!/bin/sh -e
# Written by pytorch2caffe from the network's preprocessing; change that, not this file.
cd "$(dirname "$0")"
MNNConvert -f CAFFE --prototxt "../net.prototxt" --modelFile "../net.caffemodel" \
    --MNNModel "net.mnn" --bizCode "net"
quantized.out "net.mnn" "net-int8.mnn" quant.json
