// Package crash kills servers: a real server process with simulated boards is killed with SIGKILL at random instants,
// started again, and must go on exactly where it was. It has tests only.
package crash
