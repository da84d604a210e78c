"""PyTorch's side of the round trip of checkpoints: `tests/it/pytorch.rs` runs it.

For each model of this file: loads what taper saved in FOLDER, with all names strictly, and asserts
that the outputs agree; then saves another model's weights, in both of torch.save's formats, with an
input and its output.
"""

import json
import pathlib
import sys

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit()

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return self.fc3(F.relu(self.fc2(x)))


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 8)
        self.lstm = nn.LSTM(8, 6, 2, batch_first=True, bidirectional=True)
        self.encoder = nn.TransformerEncoderLayer(12, 3, 16, 0.0, batch_first=True)
        self.gru = nn.GRU(12, 12, batch_first=True)
        self.norm = nn.RMSNorm(12)
        self.act = nn.PReLU()
        self.pairs = nn.Bilinear(12, 12, 5)

    def forward(self, x):
        x = self.encoder(self.lstm(self.embedding(x))[0])
        x = self.act(self.norm(self.gru(x)[0]))
        return self.pairs(x, x)


def images():
    return nn.Sequential(
        nn.Conv2d(4, 8, 3, padding=1, groups=2),
        nn.BatchNorm2d(8),
        nn.GELU(),
        nn.ConvTranspose2d(8, 4, 3, stride=2, output_padding=1),
        nn.GroupNorm(2, 4),
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Linear(36, 5),
    )


class Options(nn.Module):
    """Layers with options that are not the defaults."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(2, 2, (4, 3), padding="same", dilation=(1, 2)),
            nn.Conv2d(2, 4, 3, padding=(1, 2), padding_mode="reflect"),
            nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
            nn.Softplus(beta=2.0, threshold=1.0),
            nn.MaxPool2d(2, stride=1, dilation=2, ceil_mode=True),
            nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, groups=2, bias=False),
            nn.BatchNorm2d(6, affine=False),
            nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
            nn.PReLU(6),
            nn.Upsample(size=(6, 5), mode="bilinear"),
            nn.AdaptiveMaxPool2d((3, 4)),
            nn.Flatten(2),
        )
        self.conv = nn.Conv1d(6, 12, 3, padding=2, groups=3, padding_mode="circular")
        self.encoder = nn.TransformerEncoderLayer(
            14, 2, 20, activation="gelu", norm_first=True, bias=False, batch_first=True
        )
        self.lstm = nn.LSTM(14, 8, 2, batch_first=True, bidirectional=True, proj_size=3)
        self.attention = nn.MultiheadAttention(14, 2, kdim=6, batch_first=True)

    def forward(self, x):
        x = self.encoder(self.conv(self.body(x)))
        return self.attention(x, self.lstm(x)[0], x)[0]


def resnet18():
    from torchvision.models import resnet18

    return resnet18(weights=None)


def safetensors(path):
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + size]), bytearray(content[8 + size :])
    dtypes = {"F32": torch.float32, "I64": torch.int64}

    def tensor(entry):
        (begin, end), dtype = entry["data_offsets"], dtypes[entry["dtype"]]
        return torch.frombuffer(data[begin:end], dtype=dtype).reshape(entry["shape"])

    return {name: tensor(entry) for name, entry in header.items() if name != "__metadata__"}


def check(folder, name, make):
    saved = safetensors(folder / f"{name}.safetensors")
    x, y = saved.pop("example.in"), saved.pop("example.out")
    model = make().eval()
    model.load_state_dict(saved)
    with torch.no_grad():
        torch.testing.assert_close(model(x), y, rtol=1e-4, atol=1e-4)
        model = make().eval()
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 1.5)  # statistics, which begin as zeros and ones
        state = model.state_dict()
        torch.save(state, folder / f"{name}.zip.pth")
        torch.save(state, folder / f"{name}.legacy.pth", _use_new_zipfile_serialization=False)
        torch.save({"in": x, "out": model(x)}, folder / f"{name}.example.pth")
    print("checked", name)


folder = pathlib.Path(sys.argv[1])
for name, make in [("net", Net), ("words", Words), ("images", images), ("options", Options), ("resnet18", resnet18)]:
    try:
        check(folder, name, make)
    except ImportError as missing:
        print(f"skipped {name}: {missing}")
