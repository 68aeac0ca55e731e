package change

import (
	"os"
	"os/exec"
	"strings"
)

// installed reports whether this machine has a program: a command that is
// printed is one that can be run here.
func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// self is this program as a person would call it.
func self() string {
	if installed("nstutor") {
		return "nstutor"
	}
	path, err := os.Executable()
	if err != nil {
		return "nstutor"
	}
	return path
}

// nftDevice reports whether nft can be told the name of a device: its strings
// have no way to write a quotation mark, and a * at the end is any end.
func nftDevice(name string) bool { return !strings.ContainsAny(name, "\"\n*\\") }

// iptablesDevice reports whether iptables can be told the name of a device: a +
// at the end is any end (xtables_parse_interface()), and a ! alone turns around
// what follows it.
func iptablesDevice(name string) bool { return name != "!" && !strings.HasSuffix(name, "+") }
