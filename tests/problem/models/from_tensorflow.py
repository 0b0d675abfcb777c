"""Makes the models tensorflow_*.onnx beside this file with TensorFlow and tf2onnx: `python from_tensorflow.py`.

Beside them, in outputs_tensorflow.json, are the outputs that TensorFlow computes for INPUTS, before what belongs to
the loss.
"""

import json
from pathlib import Path

import tensorflow as tf
import tf2onnx

HERE = Path(__file__).parent
INPUTS = [[0.5, 1.0], [-1.0, 0.25], [3.0, 0.125], [0.0, -2.0]]
ENDS = {"softmax": tf.nn.softmax, "sigmoid": tf.nn.sigmoid, "argmax": lambda z: tf.argmax(z, axis=1)}


def models():
    layers = tf.keras.layers
    yield "relu", [layers.Dense(3, activation="relu"), layers.Dense(1)]
    yield "leaky", [layers.Dense(3), layers.LeakyReLU(negative_slope=0.25), layers.Dense(1)]
    yield "relu6", [layers.Dense(3), layers.ReLU(max_value=6.0), layers.Dense(1)]
    yield "flatten", [layers.Flatten(), layers.Dense(3, activation="relu"), layers.Dropout(0.5), layers.Dense(1)]
    yield "reshape", [layers.Dense(3, activation="relu"), layers.Reshape((3,)), layers.Dense(1)]
    yield "no_bias", [layers.Dense(3, activation="relu", use_bias=False), layers.Dense(1, use_bias=False)]
    yield "softmax", [layers.Dense(3, activation="relu"), layers.Dense(3)]
    yield "sigmoid", [layers.Dense(3, activation="relu"), layers.Dense(1)]
    yield "argmax", [layers.Dense(3, activation="relu"), layers.Dense(3)]


def main():
    outputs = {}
    for name, layers in models():
        tf.keras.utils.set_random_seed(len(name))
        model = tf.keras.Sequential([tf.keras.Input((2,)), *layers])
        for layer in model.layers:
            if isinstance(layer, tf.keras.layers.Dense) and layer.use_bias:
                layer.bias.assign(tf.random.normal(layer.bias.shape))
        outputs[name] = model(tf.constant(INPUTS), training=False).numpy().tolist()
        end = ENDS.get(name, tf.identity)
        whole = tf.function(lambda x, model=model, end=end: end(model(x, training=False)))
        signature = [tf.TensorSpec((None, 2), tf.float32, name="x")]
        made, _ = tf2onnx.convert.from_function(whole, input_signature=signature, opset=15)
        (HERE / f"tensorflow_{name}.onnx").write_bytes(made.SerializeToString(deterministic=True))
    text = json.dumps({"inputs": INPUTS, "tensorflow": outputs}, indent=1)
    (HERE / "outputs_tensorflow.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
