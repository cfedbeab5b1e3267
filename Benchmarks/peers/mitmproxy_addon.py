"""An addon that does nothing, as the no-op hook of `pelmeni bench hooks`."""


class Nothing:
    def tcp_message(self, flow):
        pass


addons = [Nothing()]
