"""Fixtures of the tests of AArch64."""

from networks.conftest import network as network
