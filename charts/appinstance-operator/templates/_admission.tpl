{{/* What the admission policies share (docs/adr/0014). Values go into CEL as JSON, which CEL reads. */}}

{{- define "admission.name" -}}
{{- printf "%s-%s" (include "operator.fullname" .root) .policy -}}
{{- end -}}

{{/* Metadata of a policy or its binding. Takes root and policy, the policy's own part of the name. */}}
{{- define "admission.metadata" -}}
name: {{ include "admission.name" . }}
labels:
  {{- include "operator.labels" .root | nindent 2 }}
  app.kubernetes.io/component: admission
{{- end -}}

{{/* The operator's account, as the API server names it. */}}
{{- define "admission.operator" -}}
{{- printf "system:serviceaccount:%s:%s" .Release.Namespace (include "operator.serviceAccountName" .) -}}
{{- end -}}

{{/* Who is not asked: the operator itself, and who the values exempt. By the requester alone, never by
     what an object says of itself. */}}
{{- define "admission.exemptions" -}}
- name: not-the-operator
  expression: |-
    request.userInfo.username != {{ include "admission.operator" . | toJson }}
{{- include "admission.exemptPeople" . | nindent 0 }}
{{- end -}}

{{- define "admission.exemptPeople" -}}
{{- with .Values.admission.exemptUsers }}
- name: not-an-exempt-user
  expression: |-
    !(request.userInfo.username in {{ toJson . }})
{{- end }}
{{- with .Values.admission.exemptGroups }}
- name: not-of-an-exempt-group
  expression: |-
    !has(request.userInfo.groups) || !request.userInfo.groups.exists(g, g in {{ toJson . }})
{{- end }}
{{- end -}}

{{/* Where nobody is asked: the operator's own namespace, whose editors are the platform, and the exempt. */}}
{{- define "admission.namespaces" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ concat (list .Release.Namespace) .Values.admission.exemptNamespaces | uniq | toJson }}
{{- range $label, $value := .Values.admission.exemptNamespaceLabels }}
  - key: {{ $label | quote }}
    operator: NotIn
    values: [{{ $value | quote }}]
{{- end }}
{{- end -}}

{{/* The domains whose hosts the operator alone gives out, those of grants too, as a list. */}}
{{- define "admission.domains" -}}
{{- $domains := (.Values.settings.edge).domains | default list -}}
{{- range (.Values.settings.tenancy | default dict).grants -}}
{{- $domains = concat $domains (.domains | default list) -}}
{{- end -}}
{{- $domains | uniq | toJson -}}
{{- end -}}

{{/* CEL variables: the annotations now and before, for policies that let through what stays as it was. */}}
{{- define "admission.annotations" -}}
- name: annotations
  expression: "has(object.metadata.annotations) ? object.metadata.annotations : {}"
- name: earlier
  expression: |-
    request.operation == "UPDATE" && has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {}
{{- end -}}

{{/* CEL variable: the hosts for which ExternalDNS is asked to write records; by the older name, or that of v0.22 and later. */}}
{{- define "admission.dnsHosts" -}}
- name: dnsHosts
  expression: |-
    (variables.annotations[?"external-dns.alpha.kubernetes.io/hostname"].orValue("")
      + "," + variables.annotations[?"external-dns.kubernetes.io/hostname"].orValue(""))
      .lowerAscii().replace(" ", "").split(",").filter(h, h != "")
{{- end -}}

{{/* CEL: whether host `h` lies under one of the domains, or is a wildcard that covers one. */}}
{{- define "admission.hostIsOurs" -}}
{{ include "admission.domains" . }}.exists(d, h == d || h.endsWith("." + d)
  || (h.startsWith("*.") && ("." + d).endsWith(h.substring(1))))
{{- end -}}

{{/* A policy's binding. Takes root and policy. */}}
{{- define "admission.binding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  {{- include "admission.metadata" . | nindent 2 }}
spec:
  policyName: {{ include "admission.name" . }}
  validationActions: {{ toJson .root.Values.admission.actions }}
{{- end -}}
