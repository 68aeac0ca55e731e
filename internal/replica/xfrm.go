package replica

import (
	"errors"

	"nstutor/internal/say"

	"golang.org/x/sys/unix"
)

// XFRM_MSG_* of <linux/xfrm.h>.
const (
	xfrmNewSA, xfrmGetSA         = 0x10, 0x12
	xfrmNewPolicy, xfrmGetPolicy = 0x13, 0x15
)

// xfrmPolicies reads the IPsec policies of a namespace: which packets need a
// security association. The associations have keys, and are never taken down; that
// there are some is told.
func xfrmPolicies(c *conn) (policies [][]byte, associations bool, err error) {
	policies, err = c.dump(xfrmGetPolicy, nil)
	if none(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, say.Err("%s: read IPsec policies: %v", "%s：读取 IPsec 策略：%v", c.NS.Name(), err)
	}
	keyed, err := c.dump(xfrmGetSA, nil)
	if err != nil {
		return nil, false, say.Err("%s: read IPsec associations: %v", "%s：读取 IPsec 安全关联：%v", c.NS.Name(), err)
	}
	clear(keyed)
	return policies, len(keyed) > 0, nil
}

// none reports whether this kernel has no IPsec.
func none(err error) bool {
	return errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT)
}

// buildXFRM gives a namespace its IPsec policies.
func (b *builder) buildXFRM(space int) error {
	policies := b.network.Spaces[space].Policies
	if len(policies) == 0 {
		return nil
	}
	c, err := dialProtocol(b.copy.Spaces[space], unix.NETLINK_XFRM)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, p := range policies {
		if err := c.do(xfrmNewPolicy, 0, p); err != nil && !errors.Is(err, unix.EEXIST) {
			b.miss(space, IPsec, "", err)
		}
	}
	return nil
}
