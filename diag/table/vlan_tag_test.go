package table

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

func TestAVLANTellsWhichTagItHas(t *testing.T) {
	for protocol, service := range map[uint16]bool{unix.ETH_P_8021Q: false, unix.ETH_P_8021AD: true} {
		data := attr.Append(nil, unix.IFLA_VLAN_ID, binary.NativeEndian.AppendUint16(nil, 30))
		data = attr.Append(data, unix.IFLA_VLAN_PROTOCOL, binary.BigEndian.AppendUint16(nil, protocol))
		var l Link
		l.info(attr.Nest(attr.Text(nil, unix.IFLA_INFO_KIND, "vlan"), unix.IFLA_INFO_DATA, data))
		if l.VLANID != 30 || l.Service != service {
			t.Errorf("%#x: VLAN %d, of 802.1ad: %v", protocol, l.VLANID, l.Service)
		}
	}
}
