package netfilter

import (
	"errors"

	"golang.org/x/sys/unix"

	"nstutor/diag/netfilter/nfnl"
	"nstutor/diag/netfilter/xtables"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// probe is the first look at a namespace: is there anything to read? Most
// namespaces have no rules, and the answer is needed several times a second.
type probe struct {
	nfTables bool
	xTables  [][]byte // for each of xtables.Families, the names of its tables
}

func probeRules(ns *nsenter.Namespace) (probe, error) {
	var p probe
	askNFT := nfnl.Present()
	err := ns.Do(func() (err error) {
		if askNFT {
			if p.nfTables, err = nfnl.HasTables(); err != nil {
				return say.Err("read nf_tables rules: %v", "读取 nf_tables 规则：%v", err)
			}
		}
		for _, family := range xtables.Families {
			names, err := readRuleTableNames(family.Names)
			if err != nil {
				return say.Err("read x_tables rules: %s: %v", "读取 x_tables 规则：%s：%v", family.Names, err)
			}
			p.xTables = append(p.xTables, names)
		}
		return nil
	})
	if err != nil && !errors.Is(err, nsenter.ErrClosed) {
		err = say.At(ns.Name(), err)
	}
	return p, err
}

// readRuleTableNames is os.ReadFile for a short file of /proc, without the poller
// that it would be registered with. A file that is not there is empty.
func readRuleTableNames(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var content [512]byte
	n, err := unix.Read(fd, content[:])
	return content[:max(n, 0)], err
}
