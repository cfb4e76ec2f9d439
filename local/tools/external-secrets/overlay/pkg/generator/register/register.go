// Package register links no generator: ExternalSecrets of this platform only read.
package register
