package lab

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// RealUID is the user's number outside of the lab, where it is 0 in a user
// namespace (man 7 user_namespaces: the second column is the number in the
// parent namespace).
func RealUID() int {
	if bornAs.flags&unix.CLONE_NEWUSER == 0 {
		return os.Geteuid()
	}
	data, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(data))
	if err != nil || len(fields) < 2 {
		return os.Geteuid()
	}
	uid, err := strconv.Atoi(fields[1])
	if err != nil {
		return os.Geteuid()
	}
	return uid
}
