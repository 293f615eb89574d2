// Written by pytorch2caffe from the network's preprocessing; change that, not this file.
// input 'data'
// image: cv::Mat, 8 bit, BGR, as cv::imread gives it
const int w = 12, h = 12;
const int type = ncnn::Mat::PIXEL_BGR;
ncnn::Mat in = ncnn::Mat::from_pixels_resize(image.data, type, image.cols, image.rows, w, h);
const float mean[] = {104.0f, 117.0f, 123.5f};
const float norm[] = {0.017000000923871994f, 0.017000000923871994f, 0.017000000923871994f};
in.substract_mean_normalize(mean, norm);
