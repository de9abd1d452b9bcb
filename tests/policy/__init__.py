"""Tests of the judgement floor."""
