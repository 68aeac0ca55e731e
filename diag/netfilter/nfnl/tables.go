package nfnl

import (
	"encoding/binary"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// HasTables reports whether the namespace that the caller is in has tables of
// nf_tables. It asks for them and looks at no more than the first answer.
// The kernel answers before sendto() returns, so that nothing here waits.
func HasTables() (bool, error) {
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
