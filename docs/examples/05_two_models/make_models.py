"""Writes encoder.js and classifier.js, with fallbacks for browsers without WebNN: what the first gives is what the second takes."""

import torch

from converters.torch import convert
from webnn_graph import save


class Encoder(torch.nn.Sequential):
    def forward(self, image):
        return {"features": super().forward(image)}


class Classifier(torch.nn.Sequential):
    def forward(self, features):
        return {"logits": super().forward(features)}


torch.manual_seed(0)
encoder = Encoder(torch.nn.Conv2d(3, 16, 3, stride=2), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten()).eval()
classifier = Classifier(torch.nn.Linear(256, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).eval()

image = torch.zeros(1, 3, 64, 64)
save(convert(encoder, image, name="encoder"), "encoder.js", fallback="ort-web")
save(convert(classifier, encoder(image)["features"], name="classifier"), "classifier.js", fallback="ort-web")
