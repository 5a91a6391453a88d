"""A session with a foreign MQTT broker, see `mqtt_client.py`: kept by the broker while we are away, faults in words."""

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from lotone.connect.drivers.line import Lost
from lotone.connect.model import BROKER_PORTS, Connection, host_and_port
from lotone.kernel import Words

SESSION_S = 7 * 24 * 3600
ANSWER_S = 5.0
KEEPALIVE_S = 20
TOGETHER_MAX = 2_000
"""Messages that are put into the stream together."""
PENDING_MAX = 50_000
"""Messages with QoS 0 beyond this many are dropped, and counted; those with QoS 1 wait at the broker."""
TROUBLE = (OSError, ValueError)


class Broker:
    """A session with a broker: its messages in `inbox`, in order; `wait` returns when there are some or it ended."""

    def __init__(self, connection: Connection, client_id: str, *, keep: bool) -> None:
        self.scheme = "mqtts" if connection.address.startswith("mqtts:") else "mqtt"
        self.host, self.port = host_and_port(connection.address, self.scheme, BROKER_PORTS[self.scheme])
        self.settings = connection.settings
        self.client_id, self.keep = client_id, keep
        self.inbox: deque[MQTTMessage] = deque()
        self.dropped = 0
        self.ended: Words | None = None
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self.client = self._client()

    def _client(self) -> Client:
        is_5 = str(self.settings.get("version", "5")) == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=None if is_5 else not self.keep,
            protocol=MQTTProtocolVersion.MQTTv5 if is_5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if self.settings.get("user"):
            client.username_pw_set(str(self.settings["user"]), str(self.settings.get("password", "")))
        client.connect_timeout = ANSWER_S
        client.on_connect = lambda *given: self._soon(self._answer, "connect", (given[3], given[2].session_present))
        client.on_subscribe = lambda *given: self._soon(self._answer, f"mid {given[2]}", given[3])
        client.on_disconnect = lambda *given: self._soon(self._end, self._gone(given[3]))
        client.on_message = lambda _client, _user, message: self._soon(self._heard, message)
        return client

    async def open(self) -> bool:
        """Connect; returns whether the broker still had our session. Raises Lost."""
        answer = self._expect("connect")
        properties = None
        if self.client.protocol == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_S if self.keep else 0
        try:
            if self.scheme == "mqtts":
                self.client.tls_set_context(await asyncio.to_thread(_tls, str(self.settings.get("ca") or "")))
            more: dict[str, Any] = {"clean_start": not self.keep, "properties": properties} if properties else {}
            await asyncio.to_thread(self.client.connect, self.host, self.port, KEEPALIVE_S, **more)
            self.client.loop_start()
            async with asyncio.timeout(ANSWER_S):
                code, present = await answer
        except TROUBLE as fault:
            raise Lost(self.ended or self._unreachable(fault)) from None
        if code.is_failure:
            raise Lost(self._refused(str(code)))
        return bool(present)

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Raises Lost when the broker refuses one of them."""
        if not topics:
            return
        _result, mid = self.client.subscribe([(topic, 1) for topic in topics])
        try:
            async with asyncio.timeout(ANSWER_S):
                codes = await self._expect(f"mid {mid}")
        except TimeoutError:
            raise Lost(self._gone("it did not answer")) from None
        refused = [topic for topic, code in zip(topics, codes, strict=False) if code.is_failure]
        if refused:
            raise Lost(
                Words(
                    f"lost: the broker lets this user not read {refused[0]}; allow it there or choose other topics",
                    f"连接丢失：代理不允许该用户读取 {refused[0]}；请在代理上授权或更换主题",
                )
            )

    async def wait(self, timeout_s: float) -> bool:
        """Whether a message came or the session ended before the time was over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        return self._woken.is_set()

    def take(self) -> list[MQTTMessage]:
        """The next messages. Raises Lost after the last one when the session has ended."""
        if not self.inbox and self.ended:
            raise Lost(self.ended)
        taken = [self.inbox.popleft() for _ in range(min(len(self.inbox), TOGETHER_MAX))]
        if not self.inbox and not self.ended:
            self._woken.clear()
        return taken

    def acknowledge(self, messages: Sequence[MQTTMessage]) -> None:
        for message in messages:
            if message.qos:
                self.client.ack(message.mid, message.qos)

    async def close(self) -> None:
        """End the connection, not the session."""
        self.client.on_disconnect = None
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    def _soon(self, call: Any, *given: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed while the client's thread still ran
            self._loop.call_soon_threadsafe(call, *given)

    def _expect(self, what: str) -> "asyncio.Future[Any]":
        return self._answers.setdefault(what, self._loop.create_future())

    def _answer(self, what: str, given: Any) -> None:
        answer = self._expect(what)
        if not answer.done():
            answer.set_result(given)

    def _heard(self, message: MQTTMessage) -> None:
        if message.qos == 0 and len(self.inbox) >= PENDING_MAX:
            self.dropped += 1
            return
        self.inbox.append(message)
        self._woken.set()

    def _end(self, words: Words) -> None:
        self.ended = words
        self._woken.set()

    # in words

    def _gone(self, reason: object) -> Words:
        if "taken over" in str(reason):
            return Words(
                f"lost: somebody else connected as {self.client_id}; set another client_id in the settings of one of the two",
                f"连接丢失：另一客户端也使用了 {self.client_id}；请为其中之一设置不同的 client_id",
            )
        return Words(
            f"lost: the broker at {self.host}:{self.port} closed the connection ({reason})",
            f"连接丢失：代理 {self.host}:{self.port} 关闭了连接",
        )

    def _unreachable(self, fault: Exception) -> Words:
        place = f"{self.host}:{self.port}"
        if isinstance(fault, ssl.SSLCertVerificationError):
            return Words(
                f"lost: the certificate of {place} is not trusted ({fault.verify_message}); paste the certificate of the "
                "authority that signed it into the field for the authority",
                f"连接丢失：{place} 的证书不受信任；请将签发机构的证书粘贴到“证书颁发机构”字段",
            )
        if isinstance(fault, ssl.SSLError) or (self.scheme == "mqtts" and isinstance(fault, ConnectionResetError)):
            return Words(
                f"lost: {place} speaks no TLS; write mqtt:// or take the broker's TLS port, often 8883",
                f"连接丢失：{place} 不使用 TLS；请改用 mqtt:// 或代理的 TLS 端口（通常为 8883）",
            )
        if isinstance(fault, socket.gaierror):
            return Words(
                f"lost: there is no computer called {self.host} in this network; check the name or write its number",
                f"连接丢失：网络中没有名为 {self.host} 的计算机；请检查名称或填写 IP 地址",
            )
        if isinstance(fault, TimeoutError):
            return Words(
                f"lost: {place} does not answer as an MQTT broker; check the address, and whether the port wants mqtts://",
                f"连接丢失：{place} 未以 MQTT 代理方式应答；请检查地址，以及该端口是否需要 mqtts://",
            )
        return Words(
            f"lost: nothing answers at {place}; check that the broker runs and that no firewall closes the port",
            f"连接丢失：{place} 无应答；请检查代理是否运行、端口是否被防火墙拦截",
        )

    def _refused(self, reason: str) -> Words:
        if "version" in reason.casefold():
            return Words(
                "lost: the broker does not speak this version of MQTT; choose the other one",
                "连接丢失：代理不支持此 MQTT 版本；请选择另一版本",
            )
        return Words(
            f"lost: the broker refuses us ({reason}); check the user and the password",
            f"连接丢失：代理拒绝连接（{reason}）；请检查用户名和密码",
        )


class _TlsSocket(ssl.SSLSocket):
    """Closed when the two can't agree: the client library forgets it then."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _tls(authority: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority or None)
    context.sslsocket_class = _TlsSocket
    return context
