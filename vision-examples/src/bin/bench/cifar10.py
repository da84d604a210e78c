# CIFAR-10 as torchvision's own dataset gives it: a PIL image through the transform, and its label.
import numpy as np, torch
import torchvision.transforms as T
from PIL import Image


class Cifar10(torch.utils.data.Dataset):
    def __init__(self, folder, files, transform):
        raw = np.concatenate([np.fromfile(f"{folder}/{f}.bin", dtype=np.uint8) for f in files]).reshape(-1, 3073)
        self.pixels = np.ascontiguousarray(raw[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.labels, self.transform = raw[:, 0].tolist(), transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.pixels[index])), self.labels[index]


TRAIN, TEST = [f"data_batch_{n}" for n in range(1, 6)], ["test_batch"]
NORMAL = [T.ToTensor(), T.Normalize((0.5,) * 3, (0.5,) * 3)]
