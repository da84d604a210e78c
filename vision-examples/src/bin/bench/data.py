# PyTorch's side of the comparison: its loader and torchvision's transforms, as its own CIFAR-10 does it, by way of PIL.
import json, sys, time
import numpy as np, torch
import torchvision.transforms as T
from PIL import Image

folder, images = sys.argv[1], int(sys.argv[2])
raw = np.concatenate([np.fromfile(f"{folder}/data_batch_{n}.bin", dtype=np.uint8) for n in range(1, 6)]).reshape(-1, 3073)
pixels, labels = np.ascontiguousarray(raw[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), raw[:, 0].tolist()
normal = [T.ToTensor(), T.Normalize((0.5,) * 3, (0.5,) * 3)]
pipelines = {"normalise": T.Compose(normal), "augment": T.Compose([T.RandomCrop(32, padding=4), T.RandomHorizontalFlip()] + normal)}

class Set(torch.utils.data.Dataset):
    def __init__(self, transform):
        self.transform = transform
    def __len__(self):
        return len(labels)
    def __getitem__(self, index):
        return self.transform(Image.fromarray(pixels[index])), labels[index]

rates = {}
for name, transform in pipelines.items():
    for batch in [4, 128]:
        for workers in [0, 1, 2]:
            loader = torch.utils.data.DataLoader(Set(transform), batch, shuffle=True, num_workers=workers)
            seen, start = 0, time.perf_counter()
            for inputs, targets in loader:
                seen += len(targets)
                if seen >= images:
                    break
            rates[f"{name} {batch} {workers}"] = seen / (time.perf_counter() - start)
print(json.dumps(rates))
