"""Binds a resource to the values it has, so that whoever launches a run cannot give it others."""

from __future__ import annotations

import dagster as dg


def fixed(resource: object) -> dg.ResourceDefinition:
    """A definition that provides exactly this resource and rejects any configuration.

    Dagster lets a launch override every field of a configurable resource: an address given that way would be
    sent the credentials. The values are listed in the description, where the UI shows them.

    Args:
        resource: the resource; what a configurable one holds must not be secret.
    """

    def provide(_: dg.InitResourceContext) -> object:
        return resource

    kind = type(resource)
    # The UI names a resource's type after the function that provides it.
    provide.__module__, provide.__name__ = kind.__module__, kind.__name__
    description = str(kind.__doc__)
    if isinstance(resource, dg.ConfigurableResource):
        fields = resource.model_dump(mode="json").items()
        values = "\n".join(f"- `{name}`: `{value}`" for name, value in fields)
        description += f"\n\nSet by the settings:\n\n{values}"
    return dg.ResourceDefinition(provide, config_schema={}, description=description)


def without_values() -> dg.ResourceDefinition:
    """The `io_manager` of every job: no asset passes a value on, so no folder can be chosen at launch."""
    return dg.mem_io_manager.configured({}, config_schema={})
