import argparse
import pickle

import numpy as np
import torch
from tqdm.auto import trange

import cifar10_utils
from mlp_numpy import MLP
from modules import CrossEntropyModule


def accuracy(predictions, targets):
    hits = predictions.argmax(axis=1) == targets
    return hits.sum() / hits.size


def evaluate_model(model, data_loader):
    hits = []
    for x, t in data_loader:
        y = model.forward(x.reshape(x.shape[0], -1))
        hits.append(y.argmax(axis=1) == t)
    return np.concatenate(hits).mean()


def train(hidden_dims, lr, batch_size, epochs, seed, data_dir):
    np.random.seed(seed)
    torch.manual_seed(seed)
    loaders = cifar10_utils.get_dataloader(
        cifar10_utils.get_cifar10(data_dir), batch_size=batch_size, return_numpy=True
    )

    model = MLP(3072, hidden_dims, 10)
    criterion = CrossEntropyModule()
    val_accuracies, losses = [], []
    best = None

    with trange(epochs) as progress:
        for _ in progress:
            running = []
            for x, t in loaders["train"]:
                y = model.forward(x.reshape(x.shape[0], -1))
                running.append(criterion.forward(y, t))
                model.backward(criterion.backward(y, t))
                for value, gradient in model.parameters():
                    value -= lr * gradient
            losses.append(np.mean(running))
            val_accuracies.append(evaluate_model(model, loaders["validation"]))
            progress.set_postfix(loss=losses[-1], val=val_accuracies[-1])
            model.clear_cache()
            # keep the best model as bytes, so that later updates cannot reach it
            if val_accuracies[-1] >= max(val_accuracies):
                best = pickle.dumps(model)

    model = pickle.loads(best)
    test_accuracy = evaluate_model(model, loaders["test"])
    logging_dict = {"train_loss": losses, "best_epoch": int(np.argmax(val_accuracies))}
    return model, val_accuracies, test_accuracy, logging_dict


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden_dims", default=[128], type=int, nargs="+")
    parser.add_argument("--lr", default=0.1, type=float)
    parser.add_argument("--batch_size", default=128, type=int)
    parser.add_argument("--epochs", default=10, type=int)
    parser.add_argument("--seed", default=42, type=int)
    parser.add_argument("--data_dir", default="data/", type=str)
    print(train(**vars(parser.parse_args()))[1:])
