"""Times that vary: their cumulants, which add up when independent times do, and the quantiles of the sum."""

from math import exp, log, sqrt
from typing import NamedTuple

SKEW_MOST = 3.0
"""Beyond this skewness the approximation below is poor; what it misses then is left to the calibration."""


class Varying(NamedTuple):
    """A time that varies, in hours: the first three cumulants (mean, variance, third central moment).

    The cumulants of a sum of independent times are the sums of theirs, whatever their distributions.
    """

    mean: float = 0.0
    variance: float = 0.0
    third: float = 0.0

    def plus(self, other: "Varying") -> "Varying":
        """Both, one after the other, independent of each other."""
        return Varying(self.mean + other.mean, self.variance + other.variance, self.third + other.third)

    def times(self, factor: float) -> "Varying":
        """The same in another unit, or of something that takes so many times as long."""
        return Varying(self.mean * factor, self.variance * factor**2, self.third * factor**3)

    def repeated(self, times: float) -> "Varying":
        """The sum of so many independent ones; for a rate of events it may be a fraction."""
        return Varying(self.mean * times, self.variance * times, self.third * times)

    def at(self, deviate: float) -> float:
        """The hours at a standard normal deviate: 0 is the median, 1.645 is reached in 95 of 100 cases.

        The time is taken as Pearson type III (a shifted gamma distribution), which has any mean, variance and positive
        skewness g. Its standardized quantile is that of Wilson and Hilferty ("The distribution of chi-square", PNAS 17,
        1931), never less at a higher deviate:

            K(z) = 2 / g * (max(0, 1 + g z / 6 - g^2 / 36)^3 - 1)
        """
        if self.variance <= 0:
            return self.mean
        sigma = sqrt(self.variance)
        skew = min(self.third / (sigma * self.variance), SKEW_MOST)
        if skew < 1e-6:
            return self.mean + sigma * deviate
        base = 1 + skew * deviate / 6 - skew * skew / 36
        return self.mean + sigma * 2 / skew * ((base * base * base if base > 0 else 0.0) - 1)


def lognormal(mu: float, sigma: float) -> Varying:
    """exp(X) for a normal X with mean `mu` and standard deviation `sigma`.

    >>> lognormal(0.0, 0.0)
    Varying(mean=1.0, variance=0.0, third=0.0)
    """
    mean, grown = exp(mu + sigma**2 / 2), exp(sigma**2)
    variance = mean**2 * (grown - 1)
    return Varying(mean, variance, (grown + 2) * sqrt(grown - 1) * variance**1.5)


def sigma_of(spread: float) -> float:
    """The standard deviation of the logarithm of a lognormal time with this coefficient of variation."""
    return sqrt(log(1 + spread**2))


def events(per_hour: float, each: Varying) -> Varying:
    """What events cost within an hour in which they come by chance (a compound Poisson process): the n-th cumulant is the
    rate times the n-th raw moment of what one of them costs."""
    second = each.variance + each.mean**2
    third = each.third + 3 * each.mean * each.variance + each.mean**3
    return Varying(per_hour * each.mean, per_hour * second, per_hour * third)
