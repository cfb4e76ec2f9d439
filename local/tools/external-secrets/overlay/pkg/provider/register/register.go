// Package register links the AWS provider alone: this platform uses no other, and the modules of
// several others are not on every module proxy.
package register

import (
	_ "github.com/external-secrets/external-secrets/pkg/provider/aws"
)
