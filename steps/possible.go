package steps

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/diag/table"
)

// Possible says whether this kernel has what something needs: a setting below /proc/sys,
// or, as "module nft_tproxy", a module that is loaded when it is asked for. It has what is
// needed where that is nothing.
func Possible(needs string) bool {
	if needs == "" {
		return true
	}
	if module, ok := strings.CutPrefix(needs, "module "); ok {
		return hasModule(module)
	}
	_, err := os.Stat("/proc/sys/" + table.SysctlPath(needs))
	return err == nil
}

// hasModule looks for a module in the kernel's lists. A machine without lists, such as a
// container or one with a kernel in one piece, is taken to have it.
func hasModule(name string) bool {
	if _, err := os.Stat(filepath.Join("/sys/module", name)); err == nil {
		return true
	}
	var uts unix.Utsname
	if unix.Uname(&uts) != nil {
		return true
	}
	for _, list := range []string{"modules.dep", "modules.builtin"} {
		text, err := os.ReadFile(filepath.Join("/lib/modules", unix.ByteSliceToString(uts.Release[:]), list))
		if errors.Is(err, fs.ErrNotExist) || strings.Contains(string(text), "/"+name+".ko") {
			return true
		}
	}
	return false
}
