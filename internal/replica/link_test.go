package replica

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
)

// A kernel tells the flags of a VLAN device with a mask that it refuses to hear.
func TestAVLANIsMadeWithTheFlagsThatAreSet(t *testing.T) {
	id := attr.Append(nil, unix.IFLA_VLAN_ID, []byte{210, 0})
	told := attr.Append(bytes.Clone(id), unix.IFLA_VLAN_FLAGS, []byte{1, 0, 0, 0, 255, 255, 255, 255})
	if got := attr.Find(vlanData(told), unix.IFLA_VLAN_FLAGS); !bytes.Equal(got, []byte{1, 0, 0, 0, 1, 0, 0, 0}) {
		t.Errorf("the flags are %v", got)
	}
	if got := vlanData(told); !bytes.Equal(attr.Find(got, unix.IFLA_VLAN_ID), []byte{210, 0}) {
		t.Errorf("the ID is lost: %v", got)
	}
	if got := vlanData(id); !bytes.Equal(got, id) {
		t.Errorf("without flags: %v", got)
	}
}
