"""A desk whose city was looked at, with findings to deal with from the command line."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from monitor.store import Store
from tests.monitor.looking_tower import WWW, World, raise_tower
from tests.monitor.operator import Desk


@dataclass
class FoundCity:
    """The desk, and the world it was looked at in."""

    desk: Desk
    world: World
    folder: Path

    def look(self, later: dt.timedelta = dt.timedelta()) -> None:
        """Look at everyone, *later* than now."""
        world = self.world
        if later:
            world = dataclasses.replace(world, started=dt.datetime.now(dt.UTC) + later, seconds=0)
        with Store.open(f"sqlite:///{self.folder / 'diaolou.db'}") as store:
            tower, _, _ = raise_tower(self.folder, world, store, change=lambda _: self.desk.load())
            store.sync(list(tower.config.targets.values()), list(tower.probes.values()), world.now())
            asyncio.run(tower.round())


def found_city(folder: Path) -> FoundCity:
    """Return a city in which Redis was found open on the web server, over both families."""
    desk = Desk(folder / "settings")
    desk.change("policy.yaml", "{level: critical}", "{level: critical, days: 3}")
    desk.change("diaolou.yaml", "city: city", f"city: city\nstore: {{url: 'sqlite:///{folder}/diaolou.db'}}")
    city = FoundCity(desk, World(open={WWW: (80, 6379)}), folder)
    city.look()
    return city
