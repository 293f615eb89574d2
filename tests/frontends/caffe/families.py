"""A small network for each family of published Caffe networks: their layer types and wiring, in our own words."""

from __future__ import annotations

from tests.frontends.caffe.caffe_networks import conv, fc, inputs, layer, pool

SHARED = "bias_term: false"
GLOBAL = "pooling_param { pool: AVE global_pooling: true }"
SUM = "eltwise_param { operation: SUM }"
PROD = "eltwise_param { operation: PROD }"
DATA = inputs(data=(1, 3, 32, 32))


def normed(name: str, bottom: str, count: int, size: int, more: str = "", relu: bool = True) -> str:
    """A convolution, BatchNorm and Scale in place, and a ReLU."""
    text = conv(name, bottom, count, size, f"{more} bias_term: false", relu=False)
    text += layer("BatchNorm", f"{name}/bn", name, name, "batch_norm_param { use_global_stats: true }")
    text += layer("Scale", f"{name}/scale", name, name, "scale_param { bias_term: true }")
    return text + (layer("ReLU", f"{name}/relu", name, name) if relu else "")


def depthwise(name: str, bottom: str, count: int, stride: int = 1) -> str:
    """A depthwise convolution of MobileNet's fork, then one of 1x1."""
    settings = f"convolution_param {{ num_output: {count} kernel_size: 3 pad: 1 stride: {stride} bias_term: false }}"
    return layer("DepthwiseConvolution", f"{name}/dw", bottom, "", settings) + normed(name, f"{name}/dw", 2 * count, 1)


def ssd_head(name: str, bottom: str, boxes: int, classes: int = 3, size: float = 8) -> str:
    """Locations, confidences and priors of one map."""
    text = ""
    for kind, count in (("loc", 4), ("conf", classes)):
        text += conv(f"{name}_{kind}", bottom, boxes * count, 3, "pad: 1", relu=False)
        order = "permute_param { order: 0 order: 2 order: 3 order: 1 }"
        text += layer("Permute", f"{name}_{kind}_perm", f"{name}_{kind}", "", order)
        text += layer("Flatten", f"{name}_{kind}_flat", f"{name}_{kind}_perm", "", "flatten_param { axis: 1 }")
    prior = (
        f"prior_box_param {{ min_size: {size} aspect_ratio: 2 flip: true clip: false variance: [0.1, 0.1, 0.2, 0.2] }}"
    )
    return text + layer("PriorBox", f"{name}_prior", f"{bottom} data", "", prior)


def ssd_end(*names: str, classes: int = 3) -> str:
    """The heads of several maps, joined, and DetectionOutput."""
    text = ""
    for kind, axis in (("loc_flat", 1), ("conf_flat", 1), ("prior", 2)):
        bottoms = " ".join(f"{name}_{kind}" for name in names)
        text += layer("Concat", f"mbox_{kind}", bottoms, "", f"concat_param {{ axis: {axis} }}")
    text += layer(
        "Reshape", "conf_rows", "mbox_conf_flat", "", f"reshape_param {{ shape {{ dim: 0 dim: -1 dim: {classes} }} }}"
    )
    text += layer("Softmax", "conf_prob", "conf_rows", "", "softmax_param { axis: 2 }")
    text += layer("Flatten", "conf_flat", "conf_prob", "", "flatten_param { axis: 1 }")
    nms = "nms_param { nms_threshold: 0.45 top_k: 20 } code_type: CENTER_SIZE keep_top_k: 10 confidence_threshold: 0.2"
    settings = f"detection_output_param {{ num_classes: {classes} share_location: true background_label_id: 0 {nms} }}"
    return text + layer("DetectionOutput", "out", "mbox_loc_flat conf_flat mbox_prior", "", settings)


def vgg_ssd() -> str:
    text = DATA + conv("conv1", "data", 8, 3, "pad: 1") + pool("pool1", "conv1", "MAX", 2, 2)
    text += conv("fc6", "pool1", 8, 3, "pad: 2 dilation: 2")
    norm = "norm_param { across_spatial: false channel_shared: false }"
    text += (
        layer("Normalize", "norm", "conv1", "", norm) + ssd_head("norm", "norm", 3) + ssd_head("fc6", "fc6", 3, size=14)
    )
    return text + ssd_end("norm", "fc6")


def mobilenet_ssd() -> str:
    text = DATA + normed("conv0", "data", 4, 3, "pad: 1 stride: 2") + depthwise("conv1", "conv0", 4)
    text += depthwise("conv2", "conv1", 8, 2) + ssd_head("conv1", "conv1", 3) + ssd_head("conv2", "conv2", 3, size=14)
    return text + ssd_end("conv1", "conv2")


def mobilenet_yolo() -> str:
    text = DATA + normed("conv0", "data", 4, 3, "pad: 1 stride: 2") + depthwise("conv1", "conv0", 4, 2)
    text += depthwise("conv2", "conv1", 8, 2) + layer("Upsample", "up", "conv2", "", "upsample_param { scale: 2 }")
    return text + layer("Concat", "joined", "up conv1") + conv("out", "joined", 18, 1, relu=False)


def yolov2() -> str:
    text = DATA + normed("conv1", "data", 4, 3, "pad: 1") + pool("pool1", "conv1", "MAX", 2, 2)
    text += layer("Reorg", "reorg", "conv1", "", "reorg_param { stride: 2 }")
    return text + layer("Concat", "joined", "reorg pool1") + conv("out", "joined", 10, 1, relu=False)


def yolov2_with_boxes() -> str:
    biases = "yolo_detection_output_param { num_classes: 5 num_box: 1 biases: [1.5, 2] confidence_threshold: 0.1 }"
    return yolov2() + layer("YoloDetectionOutput", "boxes", "out", "", biases)


def openpose() -> str:
    text = DATA + conv("conv1", "data", 8, 3, "pad: 1") + pool("pool1", "conv1", "MAX", 2, 2)
    for name, count in (("L1", 6), ("L2", 4)):
        text += conv(f"stage1_{name}", "pool1", count, 3, "pad: 1", relu=False)
    text += layer("Concat", "stage2", "stage1_L1 stage1_L2 pool1")
    for name, count in (("L1", 6), ("L2", 4)):
        text += conv(f"stage2_{name}", "stage2", count, 7, "pad: 3", relu=False)
    return text + layer("Concat", "out", "stage2_L2 stage2_L1")


def segnet() -> str:
    text, bn = DATA, "bn_param { bn_mode: INFERENCE scale_filler { value: 1 } }"
    positions = "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"
    bottom = "data"
    for stage in (1, 2):
        text += conv(f"conv{stage}", bottom, 4 * stage, 3, "pad: 1", relu=False)
        text += layer("BN", f"bn{stage}", f"conv{stage}", f"conv{stage}", bn)
        text += layer("ReLU", f"relu{stage}", f"conv{stage}", f"conv{stage}")
        pooled = layer("Pooling", f"pool{stage}", f"conv{stage}", "", positions)
        text += pooled.replace("pooling_param", f'top: "pool{stage}_mask" pooling_param')
        bottom = f"pool{stage}"
    for stage in (2, 1):
        text += layer("Upsample", f"up{stage}", f"{bottom} pool{stage}_mask", "", "upsample_param { scale: 2 }")
        bottom = f"conv{stage}_D"
        text += conv(bottom, f"up{stage}", 4, 3, "pad: 1", relu=stage > 1)
    return text + layer("Softmax", "prob", bottom)


def enet() -> str:
    text = DATA + conv("first", "data", 5, 3, "pad: 1 stride: 2", relu=False) + pool("small", "data", "MAX", 2, 2)
    text += layer("Concat", "initial", "first small") + layer("PReLU", "prelu", "initial", "initial")
    pooled = layer("Pooling", "pool", "initial", "", "pooling_param { pool: MAX kernel_size: 2 stride: 2 }")
    text += pooled.replace("pooling_param", 'top: "mask" pooling_param')
    text += normed("reduce", "initial", 4, 2, "stride: 2") + conv("wide", "reduce", 4, 3, "pad: 2 dilation: 2")
    text += conv("tall", "wide", 4, 5, "", relu=False).replace(
        "kernel_size: 5", "kernel_h: 5 kernel_w: 1 pad_h: 2 pad_w: 0"
    )
    text += conv("expand", "tall", 8, 1, SHARED, relu=False) + layer("Eltwise", "sum", "expand pool", "", SUM)
    text += layer("Upsample", "up", "sum mask", "", "upsample_param { scale: 2 }")
    up = "convolution_param { num_output: 3 kernel_size: 2 stride: 2 }"
    return text + layer("Deconvolution", "out", "up", "", up)


def pspnet() -> str:
    bn = "bn_param { slope_filler { value: 1 } bias_filler { value: 0 } frozen: true momentum: 0.95 }"
    text = DATA + conv("conv1", "data", 8, 3, "pad: 1 stride: 2 bias_term: false", relu=False)
    text += layer("BN", "conv1_bn", "conv1", "", bn) + layer("ReLU", "conv1_relu", "conv1_bn", "conv1_bn")
    for size in (16, 8):
        text += pool(f"pool{size}", "conv1_bn", "AVE", size, size) + conv(f"conv_pool{size}", f"pool{size}", 2, 1)
        text += layer("Interp", f"interp{size}", f"conv_pool{size}", "", "interp_param { height: 16 width: 16 }")
    text += layer("Concat", "pyramid", "conv1_bn interp16 interp8") + layer("Dropout", "drop", "pyramid", "pyramid")
    text += conv("conv6", "pyramid", 3, 1, relu=False)
    return text + layer("Interp", "out", "conv6", "", "interp_param { zoom_factor: 2 }")


def icnet() -> str:
    text = DATA + layer("Interp", "half", "data", "", "interp_param { shrink_factor: 2 }")
    text += normed("sub2", "half", 4, 3, "pad: 1 stride: 2") + normed("sub1", "data", 4, 3, "pad: 1 stride: 2")
    text += layer("Interp", "sub2_up", "sub2", "", "interp_param { height: 16 width: 16 }")
    text += normed("sub2_dil", "sub2_up", 4, 3, "pad: 2 dilation: 2", relu=False)
    text += layer("Eltwise", "fuse", "sub2_dil sub1", "", SUM) + layer("ReLU", "fuse_relu", "fuse", "fuse")
    return text + conv("out", "fuse", 3, 1, relu=False)


def fcn() -> str:
    text = DATA + conv("conv1", "data", 8, 3, "pad: 10") + pool("pool1", "conv1", "MAX", 2, 2)
    text += conv("score", "pool1", 3, 1, relu=False)
    text += layer(
        "Deconvolution",
        "up",
        "score",
        "",
        "convolution_param { num_output: 3 kernel_size: 4 stride: 2 bias_term: false }",
    )
    return text + layer("Crop", "out", "up data", "", "crop_param { axis: 2 offset: 9 }")


def hed() -> str:
    text = (
        DATA
        + conv("conv1", "data", 6, 3, "pad: 1")
        + pool("pool1", "conv1", "MAX", 2, 2)
        + conv("conv2", "pool1", 6, 3, "pad: 1")
    )
    text += conv("dsn1", "conv1", 1, 1, relu=False) + conv("dsn2", "conv2", 1, 1, relu=False)
    text += layer("Deconvolution", "up2", "dsn2", "", "convolution_param { num_output: 1 kernel_size: 4 stride: 2 }")
    text += layer("Crop", "crop2", "up2 data", "", "crop_param { axis: 2 offset: 1 }")
    text += layer("Concat", "joined", "dsn1 crop2") + conv("fuse", "joined", 1, 1, relu=False)
    return text + layer("Sigmoid", "sigmoid_fuse", "fuse") + layer("Sigmoid", "sigmoid1", "dsn1")


def gate(name: str, bottom: str, count: int) -> str:
    """The squeeze and excitation of SENet."""
    text = layer("Pooling", f"{name}_pool", bottom, "", GLOBAL) + conv(f"{name}_down", f"{name}_pool", count // 2, 1)
    return (
        text + conv(f"{name}_up", f"{name}_down", count, 1, relu=False) + layer("Sigmoid", f"{name}_gate", f"{name}_up")
    )


def senet() -> str:
    text = (
        DATA + normed("conv1", "data", 8, 3, "pad: 1 stride: 2") + normed("conv2", "conv1", 8, 3, "pad: 1", relu=False)
    )
    text += gate("se", "conv2", 8) + layer("Axpy", "sum", "se_gate conv2 conv1") + layer("ReLU", "relu", "sum", "sum")
    return text + layer("Pooling", "pool", "sum", "", GLOBAL) + fc("out", "pool", 5)


def dpn() -> str:
    text = DATA + normed("conv1", "data", 8, 3, "pad: 1 stride: 2") + conv("a", "conv1", 12, 1, SHARED, relu=False)
    text += layer("Slice", "split", "a", "res", "slice_param { axis: 1 slice_point: 8 }").replace(
        "slice_param", 'top: "dense" slice_param'
    )
    text += layer("Eltwise", "sum", "res conv1", "", SUM) + layer("Concat", "joined", "sum dense conv1")
    return text + layer("Pooling", "pool", "joined", "", GLOBAL) + fc("out", "pool", 5)


def resnext() -> str:
    text = DATA + normed("conv1", "data", 8, 3, "pad: 1 stride: 2") + normed("a", "conv1", 8, 1)
    text += normed("b", "a", 8, 3, "pad: 1 group: 4") + normed("c", "b", 8, 1, relu=False)
    text += layer("Eltwise", "sum", "c conv1", "", SUM) + layer("ReLU", "relu", "sum", "sum")
    return text + layer("Pooling", "pool", "sum", "", GLOBAL) + fc("out", "pool", 5) + layer("Softmax", "prob", "out")


def inception_resnet() -> str:
    text = DATA + normed("stem", "data", 8, 3, "stride: 2") + normed("b0", "stem", 4, 1) + normed("b1a", "stem", 4, 1)
    wide = normed("b1b", "b1a", 4, 7).replace("kernel_size: 7", "kernel_h: 1 kernel_w: 7 pad_h: 0 pad_w: 3")
    text += wide + layer("Concat", "mixed", "b0 b1b") + conv("up", "mixed", 8, 1, relu=False)
    text += layer("Eltwise", "sum", "stem up", "", "eltwise_param { operation: SUM coeff: 1 coeff: 0.17 }")
    return text + layer("ReLU", "relu", "sum", "sum") + layer("Pooling", "out", "sum", "", GLOBAL)


def rpn() -> str:
    """The convolutions of Faster R-CNN and its region proposal network, the softmax over two rows of anchors."""
    text = DATA + conv("conv", "data", 8, 3, "pad: 1 stride: 2") + conv("rpn_conv", "conv", 8, 3, "pad: 1")
    text += conv("rpn_cls_score", "rpn_conv", 6, 1, relu=False) + conv("rpn_bbox_pred", "rpn_conv", 12, 1, relu=False)
    text += layer("Reshape", "rows", "rpn_cls_score", "", "reshape_param { shape { dim: 0 dim: 2 dim: -1 dim: 0 } }")
    text += layer("Softmax", "rows_prob", "rows")
    return text + layer(
        "Reshape", "rpn_cls_prob", "rows_prob", "", "reshape_param { shape { dim: 0 dim: 6 dim: -1 dim: 0 } }"
    )


PROPOSAL = """layer { name: "proposal" type: "Python" bottom: "rpn_cls_prob" bottom: "rpn_bbox_pred" top: "rois"
    python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" } }
"""
DROP = "dropout_param { dropout_ratio: 0.5 scale_train: false }"


def faster_rcnn() -> str:
    """To be cut at Proposal: what is before it."""
    roi = layer(
        "ROIPooling", "pool5", "conv rois", "", "roi_pooling_param { pooled_h: 3 pooled_w: 3 spatial_scale: 0.5 }"
    )
    return (
        rpn()
        + PROPOSAL
        + roi
        + fc("fc6", "pool5", 8)
        + layer("Dropout", "drop6", "fc6", "fc6", DROP)
        + fc("cls", "fc6", 3)
    )


def rfcn_with_proposal() -> str:
    """To be cut at Proposal: what is before it, and the maps that are pooled after it."""
    text = rpn() + PROPOSAL + conv("rfcn_cls", "conv", 18, 1, relu=False) + conv("rfcn_bbox", "conv", 72, 1, relu=False)
    settings = "psroi_pooling_param {{ spatial_scale: 0.5 output_dim: {} group_size: 3 }}"
    for name, count in (("cls", 2), ("bbox", 8)):
        text += layer("PSROIPooling", f"psroi_{name}", f"rfcn_{name} rois", "", settings.format(count))
        text += layer("Pooling", f"vote_{name}", f"psroi_{name}", "", "pooling_param { pool: AVE kernel_size: 3 }")
    return text + layer("Softmax", "prob", "vote_cls")


def fast_rcnn() -> str:
    text = inputs(data=(1, 3, 32, 32), rois=(4, 5)) + conv("conv", "data", 8, 3, "pad: 1 stride: 2")
    text += layer(
        "ROIPooling", "pool5", "conv rois", "", "roi_pooling_param { pooled_h: 3 pooled_w: 3 spatial_scale: 0.5 }"
    )
    text += fc("fc6", "pool5", 8) + layer("ReLU", "relu6", "fc6", "fc6") + layer("Dropout", "drop6", "fc6", "fc6", DROP)
    return text + fc("cls", "fc6", 3) + layer("Softmax", "prob", "cls") + fc("bbox", "fc6", 12)


def rfcn() -> str:
    text = inputs(data=(1, 3, 32, 32), rois=(4, 5)) + conv("conv", "data", 8, 3, "pad: 1 stride: 2")
    text += conv("rfcn_cls", "conv", 18, 1, relu=False)
    settings = "psroi_pooling_param { spatial_scale: 0.5 output_dim: 2 group_size: 3 }"
    text += layer("PSROIPooling", "psroi", "rfcn_cls rois", "", settings)
    return (
        text
        + layer("Pooling", "vote", "psroi", "", "pooling_param { pool: AVE kernel_size: 3 }")
        + layer("Softmax", "prob", "vote")
    )


def mtcnn() -> str:
    text = DATA + conv("conv1", "data", 6, 3, relu=False) + layer("PReLU", "prelu1", "conv1", "conv1")
    text += (
        pool("pool1", "conv1", "MAX", 3, 2)
        + conv("conv2", "pool1", 8, 3, relu=False)
        + layer("PReLU", "prelu2", "conv2", "conv2")
    )
    return (
        text
        + conv("conv4-1", "conv2", 2, 1, relu=False)
        + layer("Softmax", "prob1", "conv4-1")
        + conv("conv4-2", "conv2", 4, 1, relu=False)
    )


def sphereface() -> str:
    text = inputs(data=(1, 3, 28, 24), label=(1,)) + conv("conv1_1", "data", 8, 3, "pad: 1 stride: 2", relu=False)
    text += layer("PReLU", "relu1_1", "conv1_1", "conv1_1") + conv("conv1_2", "conv1_1", 8, 3, "pad: 1", relu=False)
    text += (
        layer("PReLU", "relu1_2", "conv1_2", "conv1_2")
        + layer("Eltwise", "res1", "conv1_1 conv1_2", "", SUM)
        + fc("fc5", "res1", 16)
    )
    margin = "margin_inner_product_param { num_output: 10 type: QUADRUPLE }"
    return (
        text
        + layer("MarginInnerProduct", "fc6", "fc5 label", "", margin)
        + layer("SoftmaxWithLoss", "loss", "fc6 label")
    )


def centerface() -> str:
    text = (
        inputs(data=(1, 3, 28, 24), label=(1,))
        + conv("conv1", "data", 8, 3, "pad: 1 stride: 2")
        + fc("fc5", "conv1", 16)
    )
    text += layer("CenterLoss", "center", "fc5 label", "", "center_loss_param { num_output: 10 }")
    return text + fc("fc6", "fc5", 10) + layer("SoftmaxWithLoss", "loss", "fc6 label")


def crnn() -> str:
    text = (
        inputs(data=(1, 1, 16, 32), cont=(16, 1))
        + conv("conv1", "data", 8, 3, "pad: 1")
        + pool("pool1", "conv1", "MAX", 2, 2)
    )
    text += conv("column", "pool1", 8, 8, "", relu=False).replace("kernel_size: 8", "kernel_h: 8 kernel_w: 1")
    text += layer("Permute", "steps", "column", "", "permute_param { order: 3 order: 0 order: 1 order: 2 }")
    text += layer("Flatten", "rows", "steps", "", "flatten_param { axis: 2 }")
    text += layer("LSTM", "lstm", "rows cont", "", "recurrent_param { num_output: 6 }")
    text += layer("Reverse", "rows_back", "rows", "", "reverse_param { axis: 0 }")
    text += layer("LSTM", "lstm_back", "rows_back cont", "", "recurrent_param { num_output: 6 }")
    text += layer("Reverse", "back", "lstm_back", "", "reverse_param { axis: 0 }")
    text += layer("Concat", "both", "lstm back", "", "concat_param { axis: 2 }")
    return text + layer("InnerProduct", "out", "both", "", "inner_product_param { num_output: 11 axis: 2 }")


def flownet() -> str:
    text = inputs(img0=(1, 3, 32, 32), img1=(1, 3, 32, 32)) + layer("Concat", "pair", "img0 img1")
    leaky = "relu_param { negative_slope: 0.1 }"
    text += conv("conv1", "pair", 8, 7, "pad: 3 stride: 2", relu=False) + layer(
        "ReLU", "relu1", "conv1", "conv1", leaky
    )
    text += conv("conv2", "conv1", 8, 5, "pad: 2 stride: 2", relu=False) + layer(
        "ReLU", "relu2", "conv2", "conv2", leaky
    )
    text += conv("flow2", "conv2", 2, 3, "pad: 1", relu=False)
    up = "convolution_param {{ num_output: {} kernel_size: 4 stride: 2 pad: 1 }}"
    text += layer("Deconvolution", "deconv1", "conv2", "", up.format(4)) + layer(
        "Deconvolution", "up1", "flow2", "", up.format(2)
    )
    text += layer("Concat", "joined", "conv1 deconv1 up1") + conv("flow1", "joined", 2, 3, "pad: 1", relu=False)
    return text + layer("Eltwise", "out", "flow1", "", "eltwise_param { operation: SUM coeff: 20 }")


def srcnn() -> str:
    text = inputs(data=(1, 1, 20, 20)) + conv("conv1", "data", 8, 9, "pad: 4") + conv("conv2", "conv1", 4, 1)
    return text + conv("conv3", "conv2", 1, 5, "pad: 2", relu=False)


def colorization() -> str:
    text = (
        inputs(data_l=(1, 1, 32, 32))
        + normed("conv1", "data_l", 8, 3, "pad: 1 stride: 2")
        + conv("conv2", "conv1", 8, 3, "pad: 2 dilation: 2")
    )
    text += layer(
        "Deconvolution", "conv8", "conv2", "", "convolution_param { num_output: 8 kernel_size: 4 stride: 2 pad: 1 }"
    )
    text += conv("conv313", "conv8", 13, 1, relu=False) + layer(
        "Scale", "rebalance", "conv313", "", "scale_param { bias_term: false }"
    )
    return text + layer("Softmax", "prob", "rebalance") + conv("out", "prob", 2, 1, relu=False)


def age_gender() -> str:
    lrn = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
    text = inputs(data=(10, 3, 31, 31)) + conv("conv1", "data", 8, 7, "stride: 4") + pool("pool1", "conv1", "MAX", 3, 2)
    text += layer("LRN", "norm1", "pool1", "", lrn) + conv("conv2", "norm1", 8, 3, "pad: 1") + fc("fc6", "conv2", 8)
    return (
        text
        + layer("ReLU", "relu6", "fc6", "fc6")
        + layer("Dropout", "drop6", "fc6", "fc6")
        + fc("fc8", "fc6", 2)
        + layer("Softmax", "prob", "fc8")
    )


def refinedet() -> str:
    text = DATA + conv("conv1", "data", 8, 3, "pad: 1 stride: 2") + conv("conv2", "conv1", 8, 3, "pad: 1 stride: 2")
    text += layer("Deconvolution", "up", "conv2", "", "convolution_param { num_output: 8 kernel_size: 2 stride: 2 }")
    text += layer("Eltwise", "p1", "conv1 up", "", SUM) + layer("ReLU", "p1_relu", "p1", "p1")
    return text + ssd_head("p1", "p1", 3) + ssd_head("p2", "conv2", 3, size=14) + ssd_end("p1", "p2")


FAMILIES = {
    "VGG-SSD": vgg_ssd,
    "MobileNet-SSD": mobilenet_ssd,
    "MobileNet-YOLO": mobilenet_yolo,
    "YOLOv2": yolov2,
    "YOLOv2, with its boxes": yolov2_with_boxes,
    "OpenPose": openpose,
    "SegNet": segnet,
    "ENet": enet,
    "PSPNet": pspnet,
    "ICNet": icnet,
    "FCN": fcn,
    "HED": hed,
    "SENet": senet,
    "DPN": dpn,
    "ResNeXt": resnext,
    "Inception-ResNet": inception_resnet,
    "Faster R-CNN, cut at its Proposal": faster_rcnn,
    "Fast R-CNN": fast_rcnn,
    "R-FCN": rfcn,
    "R-FCN, cut at its Proposal": rfcn_with_proposal,
    "MTCNN": mtcnn,
    "SphereFace": sphereface,
    "Center loss for faces": centerface,
    "CRNN": crnn,
    "FlowNet": flownet,
    "SRCNN": srcnn,
    "Colorization": colorization,
    "Age and gender": age_gender,
    "RefineDet": refinedet,
}
ENDS = {
    "Faster R-CNN, cut at its Proposal": ("rpn_cls_prob", "rpn_bbox_pred", "conv"),
    "R-FCN, cut at its Proposal": ("rpn_cls_prob", "rpn_bbox_pred", "rfcn_cls", "rfcn_bbox"),
}
