# PyTorch's side of the comparison: its loader and torchvision's transforms.
import json, sys, time

folder, images = sys.argv[1], int(sys.argv[2])
augment = [T.RandomCrop(32, padding=4), T.RandomHorizontalFlip()]
rates = {}
for name, transform in {"normalise": NORMAL, "augment": augment + NORMAL}.items():
    train = Cifar10(folder, TRAIN, T.Compose(transform))
    for batch in [4, 128]:
        for workers in [0, 1, 2]:
            loader = torch.utils.data.DataLoader(train, batch, shuffle=True, num_workers=workers)
            seen, start = 0, time.perf_counter()
            for inputs, targets in loader:
                seen += len(targets)
                if seen >= images:
                    break
            rates[f"{name} {batch} {workers}"] = seen / (time.perf_counter() - start)
print(json.dumps(rates))
