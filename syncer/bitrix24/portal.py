"""The portal as the rest of the program sees it: reads that are repeated, creates that are not.

A small pool of threads does the HTTP; who waits for whom is decided by `Pace`. One batch is one request and
carries up to 50 commands (settings/how-to-call-rest-api/batch.md).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, Final, Self, TypeGuard, TypeVar

from syncer.bitrix24.answer import CommandAnswer, Done, Lost, NeverSent, Refusal, ran, refusal, taken_apart
from syncer.bitrix24.auth import Access, Kind
from syncer.bitrix24.encode import Command, command_text, travels_alone
from syncer.bitrix24.in_flight import InFlight
from syncer.bitrix24.pace import Limits, Pace
from syncer.bitrix24.size import MOST_COMMANDS, BatchSize
from syncer.bitrix24.transport import Envelope, Refused, Transport
from syncer.bitrix24.verdict import Verdict
from syncer.errors import AnswerLost, Interrupted, PortalError, PortalUnreachable, StateError
from syncer.log import logger

K = TypeVar("K", bound=Hashable)

ATTEMPTS: Final = 4
"""Times a read is sent, and times a connection is tried for."""
THROTTLED_ATTEMPTS: Final = 20
QUERY_LIMIT_EXCEEDED: Final = "query_limit_exceeded"
OVERLOAD_LIMIT: Final = "overload_limit"
OPERATION_TIME_LIMIT: Final = "operation_time_limit"
READING: Final = frozenset({"fields", "get", "list", "methods", "ownertype", "profile", "scope", "search", "types"})
"""How the names of methods that write nothing end; whoever only plans gets by with these."""
EXPIRED_TOKEN: Final = "expired_token"  # noqa: S105  # an error code


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Spent:
    """Requests sent, how many the portal's limits refused (wholly, or some commands of a batch), its own seconds."""

    requests: int = 0
    refused: int = 0
    seconds: float = 0.0


class Portal:
    """One portal. Close it, or use it in a `with`; `stop` set makes every wait end and nothing more leave.

    Without `writes` it has no way to write: `submit` is refused, and so is a read by a method whose name does not end
    as `READING` says.
    """

    def __init__(
        self,
        access: Access,
        limits: Limits,
        *,
        start_level: float = 0.0,
        learned_in_flight: float | None = None,
        stop: Event | None = None,
        writes: bool = True,
    ) -> None:
        self._writes = writes
        self.pace = Pace(limits, start_level=start_level)
        self._access = access
        self._stop = stop or Event()
        self._transport = Transport(access, request_seconds=limits.request_seconds)
        self.in_flight = InFlight(limits.in_flight, self.pace.room, learned=learned_in_flight)
        """Requests at once: of creates, and of reads."""
        most = self.in_flight.most
        self._creates = ThreadPoolExecutor(most, thread_name_prefix="portal-create")
        self._reads = ThreadPoolExecutor(most, thread_name_prefix="portal-read")  # not behind waiting creates
        self._read_size = BatchSize(limits.request_seconds, first=MOST_COMMANDS)
        self._spent = Spent()
        self._blocked: Refused | None = None
        """OVERLOAD_LIMIT, once it came: nothing leaves any more, not even what was submitted before."""
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Waits for what is in flight, drops what has not left, closes the connections."""
        for pool in (self._creates, self._reads):
            pool.shutdown(wait=True, cancel_futures=True)
        self._transport.close()

    @property
    def access(self) -> Kind:
        """What people call that by which we are let in."""
        return self._access.kind

    @property
    def caller(self) -> str:
        """Whom the portal takes us for: a user's id."""
        return self._access.caller

    @property
    def spent(self) -> Spent:
        """What this portal has cost so far."""
        return self._spent

    def call(self, method: str, params: Mapping[str, Any] | None = None) -> Done:
        """One read outside a batch, repeated while its answer is lost.

        Raises PortalRefused for every refusal, else as `read_many`.
        """
        answer = self._persist({"": Command(method, params or {})}, self._read_singles)[""]
        if isinstance(answer, Done):
            return answer
        raise self._failure(answer)

    def read_many(self, commands: Mapping[K, Command]) -> dict[K, CommandAnswer]:
        """Reads in batches, several in flight, each repeated while its answer is lost.

        What comes back is a Done or a Refusal for every key. Raises PortalRefused for a refusal that holds
        for the run, AnswerLost and PortalUnreachable when repeating does not help, Interrupted when
        stopped.
        """
        return self._persist(commands, self._read_once)

    def submit(
        self, commands: Mapping[K, Command], *, kind: Hashable = None, may_leave: Callable[[], bool] = _always
    ) -> Future[dict[K, CommandAnswer]]:
        """Creates: one batch request of up to 50 commands, sent once.

        It is sent again only when the whole of it provably never ran: no connection, or
        QUERY_LIMIT_EXCEEDED. The future has an answer for every key and raises nothing of the portal's. Raises
        ValueError for commands that `encode.travels_alone` names.

        `may_leave` is asked, in the pool's thread, right before the request leaves, each time that it does. What the
        answer teaches of requests at once (`in_flight`) is compared with other answers of its `kind`; None: nothing.
        """
        self._check_writes(each.method for each in commands.values())
        if len(commands) > MOST_COMMANDS:
            raise ValueError(f"{len(commands)} commands in one batch")
        if any(travels_alone(command.params) for command in commands.values()):
            raise ValueError("a command that must travel alone is in a batch")
        return self._creates.submit(self._timed_batch, dict(commands), kind, may_leave)

    def submit_alone(
        self, method: str, params: Mapping[str, Any], *, may_leave: Callable[[], bool] = _always
    ) -> Future[CommandAnswer]:
        """One create as JSON outside a batch (`encode.travels_alone` says which need it), sent once, as `submit`."""
        self._check_writes((method,))
        return self._creates.submit(self._alone, Command(method, params), may_leave)

    def _check_writes(self, methods: Iterable[str]) -> None:
        """Raises ValueError before anything leaves."""
        for method in methods:
            if not self._writes and method.rpartition(".")[2] not in READING:
                raise ValueError(f"{method} is not one of the methods that only read")

    def _persist(
        self, commands: Mapping[K, Command], once: Callable[[Mapping[K, Command]], dict[K, CommandAnswer]]
    ) -> dict[K, CommandAnswer]:
        self._check_writes(each.method for each in commands.values())
        answers: dict[K, CommandAnswer] = {}
        left, failures = dict(commands), 0
        while left:
            fresh = once(left)
            fatal = next((answer for answer in fresh.values() if _is_fatal(answer)), None)
            if fatal is not None:
                raise self._failure(fatal)
            again = {key: left[key] for key, answer in fresh.items() if _worth_repeating(answer)}
            answers.update({key: answer for key, answer in fresh.items() if key not in again})
            failures = 0 if len(again) < len(left) else failures + 1
            if failures == ATTEMPTS:
                raise self._failure(next(filter(_worth_repeating, fresh.values())))
            if any(isinstance(fresh[key], Lost) for key in again) and self._stop.wait(2.0**failures / 2):
                raise self._failure(NeverSent("the run was stopped"))
            left = again
        return {key: answers[key] for key in commands}

    def _read_once(self, commands: Mapping[K, Command]) -> dict[K, CommandAnswer]:
        alone = {key: each for key, each in commands.items() if travels_alone(each.params)}
        together = {key: each for key, each in commands.items() if key not in alone}
        return {**self._read_singles(alone), **self._read_batches(together)}

    def _read_singles(self, commands: Mapping[K, Command]) -> dict[K, CommandAnswer]:
        futures = {key: self._reads.submit(self._alone, each) for key, each in commands.items()}
        return {key: future.result() for key, future in futures.items()}

    def _read_batches(self, commands: Mapping[K, Command]) -> dict[K, CommandAnswer]:
        answers: dict[K, CommandAnswer] = {}
        waiting, flying = list(commands), set[Future[dict[K, CommandAnswer]]]()
        while waiting or flying:
            while waiting and len(flying) < self.in_flight.limit():
                size = self._read_size.size(commands[waiting[0]].method)
                chosen, waiting = waiting[:size], waiting[size:]
                flying.add(self._reads.submit(self._read_batch, {key: commands[key] for key in chosen}))
            landed, flying = wait(flying, return_when="FIRST_COMPLETED")
            for future in landed:
                answers.update(future.result())
        return answers

    def _read_batch(self, commands: Mapping[K, Command]) -> dict[K, CommandAnswer]:
        kind = next(iter(commands.values())).method
        answers = self._batch(commands)
        seconds = [answer.time.duration for answer in answers.values() if isinstance(answer, Done)]
        if seconds and None not in seconds:
            self._read_size.learn(kind, len(seconds), sum(each or 0.0 for each in seconds))
        elif all(isinstance(answer, Lost) for answer in answers.values()):
            self._read_size.lost(kind, len(commands))
        return answers

    def _timed_batch(
        self, commands: Mapping[K, Command], kind: Hashable, may_leave: Callable[[], bool]
    ) -> dict[K, CommandAnswer]:
        def learn(answers: Mapping[K, CommandAnswer], took: float) -> None:
            seconds = [answer.time.duration for answer in answers.values() if isinstance(answer, Done)]
            told = [each for each in seconds if each is not None]
            if kind is not None and 2 * len(seconds) > len(answers):  # quick refusals tell nothing of items
                self.in_flight.learn(kind, len(seconds), sum(told) if len(told) == len(seconds) else took, took)

        return self._batch(commands, may_leave, learn)

    def _batch(
        self,
        commands: Mapping[K, Command],
        may_leave: Callable[[], bool] = _always,
        learn: Callable[[Mapping[K, CommandAnswer], float], None] | None = None,
    ) -> dict[K, CommandAnswer]:
        """One batch; commands that the token's end refused, after others had run, go once more with a new token."""
        answers = self._batch_once(commands, may_leave, learn)
        late = {key: commands[key] for key, answer in answers.items() if _has_expired(answer)}
        if late and self._not_renewed(Refused(EXPIRED_TOKEN, "", 401)) is None:
            answers.update(self._batch_once(late, may_leave))
        return answers

    def _batch_once(
        self,
        commands: Mapping[K, Command],
        may_leave: Callable[[], bool],
        learn: Callable[[Mapping[K, CommandAnswer], float], None] | None = None,
    ) -> dict[K, CommandAnswer]:
        names = {f"k{position}": key for position, key in enumerate(commands)}
        methods = {name: commands[key].method for name, key in names.items()}
        texts = {name: command_text(commands[key]) for name, key in names.items()}
        answer = self._send_patiently("batch", {"halt": 0, "cmd": texts}, methods.values(), may_leave)
        if isinstance(answer, Envelope):
            told = taken_apart(answer, methods, self._access.kind)
            apart = {names[name]: each for name, each in told.items()}
            self._take_note(commands, apart, answer.time.finish)
            if learn:
                learn(apart, answer.took)
            return apart
        if learn and isinstance(answer, AnswerLost):
            self.in_flight.lost()
        return dict.fromkeys(commands, self._whole(answer, "batch"))

    def _alone(self, command: Command, may_leave: Callable[[], bool] = _always) -> CommandAnswer:
        answer = self._send_patiently(command.method, command.params, (command.method,), may_leave)
        if isinstance(answer, Envelope):
            return ran(command.method, Done(answer.result, answer.time, answer.total, answer.next))
        return self._whole(answer, command.method)

    def _send_patiently(
        self, method: str, params: Mapping[str, Any], methods: Iterable[str], may_leave: Callable[[], bool]
    ) -> Envelope | Refused | AnswerLost | NeverSent:
        """Sends until it has left and was not refused by the limits; nothing that may have run is sent twice."""
        called, unreachable, fresh = frozenset(methods), 0, False
        for attempt in range(THROTTLED_ATTEMPTS):
            if held := self._held_back(called, may_leave):
                return held
            try:
                answer = self._post(method, params)
            except PortalUnreachable as error:
                unreachable += 1
                if unreachable == ATTEMPTS or self._stop.wait(2.0 ** (unreachable - 1)):
                    return NeverSent(_reason(error))
                continue
            except AnswerLost as error:
                return error
            match answer:
                case Refused(code=code) if code.casefold() == QUERY_LIMIT_EXCEEDED:
                    self._throttled(method, code, self.pace.refused(attempt))
                case Refused(code=code) if code.casefold() == OVERLOAD_LIMIT:
                    self._blocked = answer
                    return answer
                case Refused(code=code) if code.casefold() == OPERATION_TIME_LIMIT:
                    self._throttled(method, code, self.pace.exhausted(method))
                    return answer
                case Refused(code=code) if code.casefold() == EXPIRED_TOKEN and not fresh:
                    if failure := self._not_renewed(answer):
                        return failure
                    fresh = True
                case _:
                    return answer
        return answer

    def _not_renewed(self, expired: Refused) -> Refused | NeverSent | None:
        """Renews the token that this thread sent last; what the call comes to where that fails. It has not run."""
        try:
            return None if self._access.renew() else expired
        except Interrupted as error:
            return NeverSent(error.summary)
        except (PortalError, StateError) as error:  # the run ends in order
            return Refused(EXPIRED_TOKEN, " ".join(filter(None, (_reason(error), error.hint))), 401)

    def _held_back(self, called: frozenset[str], may_leave: Callable[[], bool]) -> Refused | NeverSent | None:
        """Waits for the request's turn; says why it does not leave then."""
        if not self.pace.acquire(called, stop=self._stop):
            return NeverSent("the run was stopped")
        if self._blocked is not None:
            return self._blocked
        return None if may_leave() else NeverSent("it waited too long for its turn", late=True)

    def _post(self, method: str, params: Mapping[str, Any]) -> Envelope | Refused:
        with self._lock:
            self._spent = Spent(self._spent.requests + 1, self._spent.refused, self._spent.seconds)
        self.in_flight.leaves()
        try:
            answer = self._transport.post(method, params)
        finally:
            self.in_flight.lands()
        if isinstance(answer, Envelope):
            seconds = answer.time.duration or 0.0
            with self._lock:
                self._spent = Spent(self._spent.requests, self._spent.refused, self._spent.seconds + seconds)
            if method == "batch":
                logger().info("batch.sent", commands=len(params["cmd"]), seconds=round(seconds, 3))
            else:
                self.pace.observe(method, answer.time)
        return answer

    def _take_note(
        self, commands: Mapping[K, Command], answers: Mapping[K, CommandAnswer], landed: float | None
    ) -> None:
        """Heeds what a batch's answers say of the limits."""
        limited: dict[tuple[str, str], str] = {}
        for key, answer in answers.items():
            if isinstance(answer, Done):
                self.pace.observe(commands[key].method, answer.time, landed=landed)
            elif isinstance(answer, Refusal):
                limited[answer.method, answer.code.casefold()] = answer.code
                if answer.code.casefold() == OVERLOAD_LIMIT:
                    self._blocked = Refused(answer.code, answer.text, 200)
        for (method, folded), code in limited.items():
            if folded == OPERATION_TIME_LIMIT:
                self._throttled(method, code, self.pace.exhausted(method))
            elif folded == QUERY_LIMIT_EXCEEDED:
                self._throttled(method, code, self.pace.refused(0))

    def _throttled(self, method: str, code: str, seconds: float) -> None:
        with self._lock:
            self._spent = Spent(self._spent.requests, self._spent.refused + 1, self._spent.seconds)
        logger().warning("portal.throttled", method=method, code=code, seconds=round(seconds, 1))

    def _whole(self, answer: Refused | AnswerLost | NeverSent, method: str) -> CommandAnswer:
        """One answer to all commands of a request that came to nothing."""
        match answer:
            case NeverSent():
                return answer
            case AnswerLost():
                return Lost(_reason(answer))
            case Refused():
                no = refusal(method, answer, status=answer.status, access=self._access.kind)
                return Lost(no.words) if no.verdict is Verdict.UNKNOWN else no

    def _failure(self, answer: Refusal | Lost | NeverSent) -> PortalError | Interrupted:
        match answer:
            case NeverSent() if self._stop.is_set():
                return Interrupted("Stopped while waiting for the portal")
            case NeverSent(reason=reason):
                host = f"Check the host in {self._access.setting}, the network, and HTTPS_PROXY."
                return PortalUnreachable(reason, hint=host)
            case Refusal():
                return answer.error()
            case Lost(reason=reason):
                later = f"Try again later; if it stays so, check the host in {self._access.setting}."
                return AnswerLost(reason, hint=later)


def _reason(error: PortalError | StateError) -> str:
    return ": ".join(part for part in (error.summary, error.detail) if part)


def _has_expired(answer: CommandAnswer) -> bool:
    """Within a batch: the whole of a request has been renewed already, if it could be."""
    return isinstance(answer, Refusal) and answer.status is None and answer.code.casefold() == EXPIRED_TOKEN


def _is_fatal(answer: CommandAnswer) -> TypeGuard[Refusal | NeverSent]:
    fatal = (Verdict.RUN, Verdict.FORM)
    return isinstance(answer, NeverSent) or (isinstance(answer, Refusal) and answer.verdict in fatal)


def _worth_repeating(answer: CommandAnswer) -> TypeGuard[Refusal | Lost]:
    if isinstance(answer, Refusal):
        return answer.verdict in (Verdict.UNKNOWN, Verdict.NEVER_RAN)
    return isinstance(answer, Lost)
