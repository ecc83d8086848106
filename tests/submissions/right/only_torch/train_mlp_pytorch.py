import argparse
import io

import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader

import cifar10_utils
from mlp_pytorch import MLP

torch.set_num_threads(1)
torch.set_default_dtype(torch.float32)


def accuracy(predictions, targets):
    with torch.no_grad():
        _, predicted = predictions.topk(1, dim=1)
        return predicted.squeeze(1).eq(targets).sum().item() / targets.numel()


def evaluate_model(model, data_loader):
    model.eval()
    outputs, targets = [], []
    with torch.inference_mode():
        for x, y in data_loader:
            outputs.append(model(x.to(model.device)))
            targets.append(y.to(model.device))
    return accuracy(torch.cat(outputs), torch.cat(targets))


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cifar10 = cifar10_utils.get_cifar10(data_dir)
    # own loaders over the data sets of the course
    loaders = {
        "train": DataLoader(cifar10["train"], batch_size=batch_size, shuffle=True, drop_last=True),
        "validation": DataLoader(cifar10["validation"], batch_size=1000),
        "test": DataLoader(cifar10["test"], batch_size=1000),
    }
    model = MLP(3072, hidden_dims, 10, use_batch_norm).to(device)
    loss_module = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=lr)
    val_accuracies, losses = [], []
    best, buffer = -1.0, io.BytesIO()
    for epoch in range(epochs):
        model.train()
        for x, y in loaders["train"]:
            optimizer.zero_grad(set_to_none=True)
            loss = loss_module(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        val_accuracies.append(evaluate_model(model, loaders["validation"]))
        if val_accuracies[-1] > best:
            best = val_accuracies[-1]
            buffer = io.BytesIO()
            torch.save(model.state_dict(), buffer)
    buffer.seek(0)
    model.load_state_dict(torch.load(buffer))
    return model, val_accuracies, evaluate_model(model, loaders["test"]), {"loss": losses}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden_dims", default=[128], type=int, nargs="+")
    parser.add_argument("--use_batch_norm", action="store_true")
    parser.add_argument("--lr", default=0.1, type=float)
    parser.add_argument("--batch_size", default=128, type=int)
    parser.add_argument("--epochs", default=10, type=int)
    parser.add_argument("--seed", default=42, type=int)
    parser.add_argument("--data_dir", default="data/", type=str)
    train(**vars(parser.parse_args()))
