"""
This module implements utility functions for downloading and reading CIFAR10 data.
(handed out; we added get_class_names at the bottom)
"""
import os
import numpy as np
import torch
import torch.utils.data as data
import torchvision
from torchvision import transforms
from torchvision.datasets import CIFAR10
from torch.utils.data import random_split


def get_dataloader(dataset, batch_size, return_numpy=False):
    collate_fn = numpy_collate_fn if return_numpy else None
    train_dataloader = data.DataLoader(dataset=dataset["train"], batch_size=batch_size, shuffle=True, drop_last=True, collate_fn=collate_fn)
    val_dataloader = data.DataLoader(dataset=dataset["validation"], batch_size=batch_size, shuffle=False, drop_last=False, collate_fn=collate_fn)
    test_dataloader = data.DataLoader(dataset=dataset["test"], batch_size=batch_size, shuffle=False, drop_last=False, collate_fn=collate_fn)
    return {"train": train_dataloader, "validation": val_dataloader, "test": test_dataloader}


def read_data_sets(data_dir, validation_size=5000):
    mean = (0.491, 0.482, 0.447)
    std = (0.247, 0.243, 0.262)
    data_transforms = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])
    train_dataset = CIFAR10(root=data_dir, train=True, download=True, transform=data_transforms)
    test_dataset = CIFAR10(root=data_dir, train=False, download=True, transform=data_transforms)
    train_dataset, val_dataset = random_split(
        train_dataset,
        lengths=[len(train_dataset) - validation_size, validation_size],
        generator=torch.Generator().manual_seed(42))
    return {'train': train_dataset, 'validation': val_dataset, 'test': test_dataset}


def get_cifar10(data_dir='data/', validation_size=5000):
    return read_data_sets(data_dir, validation_size)


def numpy_collate_fn(batch):
    imgs, labels = zip(*batch)
    return torch.stack(imgs, dim=0).numpy(), np.array(labels, dtype=np.int32)


def get_class_names():
    return ('plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck')
