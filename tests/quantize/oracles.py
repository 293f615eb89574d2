"""The searches as their tools run them, statement by statement, slow: what the closed forms must equal."""

from __future__ import annotations

import numpy as np


def entropy(p, q):
    """scipy.stats.entropy(p, q): both normalised, float64."""
    p = 1.0 * p / np.sum(p)
    q = 1.0 * q / np.sum(q)
    return np.sum(p * np.log(p / q))


def reference_divergences(histogram, target_bin=128):
    """caffe-int8-convert-tool-dev-weight.py, threshold_distribution."""
    distribution = np.array(histogram, np.float64)[1:]
    length = distribution.size
    threshold_sum = sum(distribution[target_bin:])
    divergence = np.zeros(length - target_bin)
    for threshold in range(target_bin, length):
        sliced = distribution[:threshold].copy()
        p = sliced.copy()
        p[threshold - 1] += threshold_sum
        threshold_sum = threshold_sum - distribution[threshold]
        is_nonzeros = (p != 0).astype(np.int64)
        quantized_bins = np.zeros(target_bin, dtype=np.int64)
        num_merged_bins = sliced.size // target_bin
        for j in range(target_bin):
            start = j * num_merged_bins
            stop = start + num_merged_bins
            quantized_bins[j] = sliced[start:stop].sum()
        quantized_bins[-1] += sliced[target_bin * num_merged_bins :].sum()
        q = np.zeros(sliced.size, dtype=np.float64)
        for j in range(target_bin):
            start = j * num_merged_bins
            stop = -1 if j == target_bin - 1 else start + num_merged_bins
            norm = is_nonzeros[start:stop].sum()
            if norm != 0:
                q[start:stop] = float(quantized_bins[j]) / float(norm)
        q[p == 0] = 0
        p[p == 0] = 0.0001
        q[q == 0] = 0.0001
        divergence[threshold - target_bin] = entropy(p, q)
    return divergence


def reference_bin(histogram, target_bin=128):
    return int(np.argmin(reference_divergences(histogram, target_bin))) + target_bin


def ncnn_divergences(histogram, dtype=np.float64, target_bin=128):
    """ncnn2table.cpp, quantize_KL; dtype float32 is its own arithmetic, float64 the definition."""
    h = np.asarray(histogram, dtype) / np.asarray(np.sum(histogram), dtype)
    found = []
    for threshold in range(target_bin, len(h)):
        clip = np.full(threshold, 0.0001, dtype) + h[:threshold]
        for j in range(threshold, len(h)):
            clip[threshold - 1] += h[j]
        width = dtype(threshold) / dtype(target_bin)
        quantized = np.zeros(target_bin, dtype)
        expanded = np.full(threshold, 0.0001, dtype)
        for j in range(target_bin):
            start, end = j * width, (j + 1) * width
            left, right = int(np.ceil(start)), int(np.floor(end))
            left_share, right_share = left - start, end - right
            if j == target_bin - 1:
                right, right_share = threshold, dtype(0)
            if left_share > 0:
                quantized[j] += left_share * h[left - 1]
            if right_share > 0:
                quantized[j] += right_share * h[right]
            for k in range(left, right):
                quantized[j] += h[k]
            quantized[j] /= right - left + left_share + right_share
            if left_share > 0:
                expanded[left - 1] += left_share * quantized[j]
            if right_share > 0:
                expanded[right] += right_share * quantized[j]
            expanded[left:right] += quantized[j]
        found.append(np.sum(clip * np.log(clip / expanded), dtype=dtype))
    return np.array(found)
