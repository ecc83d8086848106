import os
import matplotlib
import matplotlib.pyplot as plt


def plot_curves(name, **curves):
    os.makedirs('figures', exist_ok=True)
    plt.figure(figsize=(6, 4))
    for label, values in curves.items():
        plt.plot(range(len(values)), values, label=label)
    plt.legend()
    plt.savefig(os.path.join('figures', name + '.pdf'))
    plt.show()
