// Package crash kills servers: a real server process with simulated boards is killed with SIGKILL at random instants,
// started again, and must go on exactly where it was; and each kind of proof that an image runs is tried on one. It has
// tests only.
package crash
