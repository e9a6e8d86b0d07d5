//go:build !faults

package main

// buildTags are those with which the program under test is built.
const buildTags = ""
