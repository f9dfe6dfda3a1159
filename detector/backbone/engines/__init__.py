"""What runs conv layers: the table of engines, torch, onnxruntime and the graph that it runs."""
