module appinstance.io/local/tools

go 1.26.0

require (
	github.com/containerd/containerd/v2 v2.4.2
	github.com/containernetworking/plugins v1.9.1
	github.com/coredns/coredns v1.15.0
	github.com/distribution/distribution/v3 v3.1.2
	github.com/external-secrets/external-secrets v0.20.4
	github.com/google/go-containerregistry v0.22.1
	github.com/hashicorp/terraform-provider-aws v1.60.1-0.20260602190131-5f2286d6d836
	github.com/hashicorp/terraform-provider-helm v1.3.3-0.20260629194918-a4f1c1d8b008
	github.com/opencontainers/runc v1.5.2
	github.com/projectcalico/calico v1.11.0-cni-plugin.0.20250813170300-a0db560f0520
	github.com/sigstore/cosign/v3 v3.1.3
	github.com/terraform-linters/tflint v0.64.0
	github.com/traefik/traefik/v3 v3.6.12
	go.etcd.io/etcd/server/v3 v3.6.16
	helm.sh/helm/v4 v4.3.1
	k8s.io/kubernetes v1.37.2
	sigs.k8s.io/kind v0.33.0
)
