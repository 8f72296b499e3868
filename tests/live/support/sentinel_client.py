"""Python's Sentinel client: writes a counter without end, and says on standard output what came of each write."""

import sys
import time

from redis.exceptions import RedisError
from redis.sentinel import Sentinel

sentinels = [("127.0.0.1", int(port)) for port in sys.argv[1:]]
master = Sentinel(sentinels, socket_timeout=0.5).master_for("m", socket_timeout=0.5)
number = 0
while True:
    number += 1
    try:
        master.set("python", number)
        print("ok", number, master.connection_pool.get_master_address()[1], flush=True)
    except RedisError as error:
        print("failed", number, type(error).__name__, flush=True)
    time.sleep(0.02)
