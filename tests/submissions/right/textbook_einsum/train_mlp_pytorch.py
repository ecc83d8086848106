import argparse
import copy

import numpy as np
import torch
import torch.nn.functional as F
from tqdm.auto import trange

import cifar10_utils
from mlp_pytorch import MLP


def accuracy(predictions, targets):
    return (predictions.argmax(dim=1) == targets).double().mean()


@torch.no_grad()
def evaluate_model(model, data_loader):
    was_training = model.training
    model.eval()
    hits = [(model(x.to(model.device)).argmax(1).cpu() == t).float() for x, t in data_loader]
    model.train(was_training)
    return torch.cat(hits).mean()


def train(hidden_dims, lr, use_batch_norm, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaders = cifar10_utils.get_dataloader(cifar10_utils.get_cifar10(data_dir), batch_size=batch_size)
    model = MLP(3072, hidden_dims, 10, use_batch_norm).to(device)

    val_accuracies, losses = [], []
    best = None
    for _ in trange(epochs):
        model.train()
        running = []
        for x, t in loaders["train"]:
            loss = F.cross_entropy(model(x.to(device)), t.to(device))
            model.zero_grad(set_to_none=True)
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p.sub_(lr * p.grad)
            running.append(loss.detach().item())
        losses.append(np.mean(running))
        val_accuracies.append(evaluate_model(model, loaders["validation"]))
        if best is None or val_accuracies[-1] > best[0]:
            best = val_accuracies[-1], copy.deepcopy(model)
    model = best[1]
    return model, val_accuracies, evaluate_model(model, loaders["test"]), {"train_loss": losses}


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
