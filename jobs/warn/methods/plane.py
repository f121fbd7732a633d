"""Points on a plane in metres, whether they came as degrees or as metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

METRES_A_DEGREE = 111_195.0  # of a great circle, by the mean radius of 6,371.009 km
MILLIMETRES = 3  # decimals of a metre: finer differences are noise of the arithmetic, and would move a case over a rim


@dataclass(frozen=True)
class Plane:
    """An equirectangular plane about a longitude and a latitude; over a city of 60 km distances err by half a percent at most, up to 50°."""

    longitude: float
    latitude: float

    def metres(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        """East and north of the middle, in metres. longitude, latitude: degrees."""
        east = (longitude - self.longitude) * np.cos(np.radians(self.latitude)) * METRES_A_DEGREE
        return east, (latitude - self.latitude) * METRES_A_DEGREE

    def degrees(self, east: float, north: float) -> tuple[float, float]:
        """Longitude and latitude of a point on the plane."""
        shrunk = METRES_A_DEGREE * float(np.cos(np.radians(self.latitude)))
        return self.longitude + east / shrunk, self.latitude + north / METRES_A_DEGREE


def plane_of(longitude: Floats, latitude: Floats) -> Plane:
    """About the median, which a few points at the other end of the country do not move. longitude, latitude: degrees, at least one."""
    return Plane(float(np.median(longitude)), float(np.median(latitude)))


def seem_degrees(x: Floats, y: Floats) -> bool:
    """Whether most points could be longitudes and latitudes; in metres they could only within 180 m of the origin."""
    return bool(len(x)) and bool(np.median(np.abs(x)) <= 180 and np.median(np.abs(y)) <= 90)


def from_corner(x: Floats, y: Floats) -> Floats:
    """(points, 2) metres from the south-western corner, to the millimetre: the same wherever the plane has its origin."""
    corner = np.empty((len(x), 2))
    corner[:, 0], corner[:, 1] = x - x.min(), y - y.min()
    return corner.round(MILLIMETRES)
