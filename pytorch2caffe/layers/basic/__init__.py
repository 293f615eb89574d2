"""Constants, Split and Silence, dropout, and what no Caffe layer computes."""
