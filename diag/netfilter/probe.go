package netfilter

import (
	"encoding/binary"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// probe is the first look at a namespace: is there anything to read? Most
// namespaces have no rules, and the answer is needed several times a second.
type probe struct {
	nfTables bool
	xTables  [][]byte // for each of xtFamilies, the names of its tables
}

func probeRules(ns *nsenter.Namespace) (probe, error) {
	var p probe
	askNFT := nfnl.Present()
	err := ns.Do(func() (err error) {
		if askNFT {
			if p.nfTables, err = probeNFTables(); err != nil {
				return say.Err("read nf_tables rules: %v", "读取 nf_tables 规则：%v", err)
			}
		}
		for _, family := range xtFamilies {
			names, err := readRuleTableNames(family.names)
			if err != nil {
				return say.Err("read x_tables rules: %s: %v", "读取 x_tables 规则：%s：%v", family.names, err)
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

// probeNFTables asks for the tables and looks at no more than the first answer.
// The kernel answers before sendto() returns, so that nothing here waits.
func probeNFTables() (bool, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	req := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_GETTABLE, unix.NLM_F_DUMP)
	req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_UNSPEC, Version: unix.NFNETLINK_V0})
	if err := unix.Sendto(fd, req.Serialize(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return false, err
	}
	var answer [1024]byte
	n, _, err := unix.Recvfrom(fd, answer[:], unix.MSG_DONTWAIT)
	if err != nil || n < unix.SizeofNlMsghdr {
		return false, err
	}
	switch binary.NativeEndian.Uint16(answer[4:]) {
	case unix.NLMSG_DONE:
		return false, nil
	case unix.NLMSG_ERROR:
		errno := unix.Errno(-int32(attr.Uint32(answer[unix.SizeofNlMsghdr:])))
		if errno == unix.EINVAL || errno == unix.EOPNOTSUPP {
			return false, nil // nfnetlink_rcv_msg() knows no nf_tables
		}
		return false, errno
	default:
		return true, nil
	}
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
