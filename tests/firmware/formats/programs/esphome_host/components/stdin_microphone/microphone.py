"""A microphone that is stdin, 16 kHz mono s16le."""

from typing import Any

import esphome.codegen as cg
import esphome.config_validation as cv
from esphome.components import audio, microphone
from esphome.const import CONF_ID

StdinMicrophone = cg.esphome_ns.namespace("stdin_microphone").class_(
    "StdinMicrophone", microphone.Microphone, cg.Component
)


def with_limits(config: Any) -> Any:
    audio.set_stream_limits(16, 16, 1, 1, 16000, 16000)(config)
    return config


CONFIG_SCHEMA = cv.All(
    microphone.MICROPHONE_SCHEMA.extend({cv.GenerateID(): cv.declare_id(StdinMicrophone)}).extend(
        cv.COMPONENT_SCHEMA
    ),
    with_limits,
)


async def to_code(config: Any) -> None:
    var = cg.new_Pvariable(config[CONF_ID])
    await cg.register_component(var, config)
    await microphone.register_microphone(var, config)
