"""What goes into a model and comes out of it, as people have it: pictures in, labels, boxes and texts out."""
