# pytorch2caffe with real BVLC Caffe, CPU:
#   docker build -t pytorch2caffe .
#   docker run --rm -v "$PWD:/work" pytorch2caffe export net.py:Net --input-shape 1,3,224,224 -o out
# Caffe 1.0 is a package of Debian 11, whose Python is too old for PyTorch: it keeps a root of its own.
FROM debian:bullseye-slim AS caffe
RUN apt-get update && apt-get install -y --no-install-recommends python3-caffe python3-numpy \
    && rm -rf /var/lib/apt/lists/* && python3 -c "import caffe"

FROM python:3.11-slim
COPY --from=caffe / /opt/caffe
ENV PYTORCH2CAFFE_CAFFE_PYTHON="chroot /opt/caffe python3"
RUN pip install --no-cache-dir torch torchvision --index-url https://download.pytorch.org/whl/cpu
COPY . /opt/pytorch2caffe
RUN pip install --no-cache-dir "/opt/pytorch2caffe[opencv,images,ncnn,safetensors,onnx]"
WORKDIR /work
ENTRYPOINT ["pytorch2caffe"]
CMD ["--help"]
