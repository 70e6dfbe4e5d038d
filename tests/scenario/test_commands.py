# SPDX-License-Identifier: Apache-2.0
"""What a newcomer types first."""

from harness.process import ROOT


def test_plain_mangrove_lists_the_commands(mangrove):
    result = mangrove()
    assert result.returncode == 0
    assert "Usage: mangrove COMMAND" in result.stdout
    assert "version" in result.stdout


def test_a_misspelt_command_is_guessed(mangrove):
    result = mangrove("verison")
    assert result.returncode == 2
    assert "did you mean 'version'?" in result.stderr


def test_help_of_a_command_is_the_same_both_ways(mangrove):
    assert mangrove("help", "version").stdout == mangrove("version", "--help").stdout


def test_every_command_with_a_page_can_be_called(mangrove):
    pages = {path.stem for path in (ROOT / "docs/commands").glob("*.md")} - {"check-resources"}
    listed = mangrove("help").stdout
    assert not {name for name in pages if f"\n  {name} " not in listed}
