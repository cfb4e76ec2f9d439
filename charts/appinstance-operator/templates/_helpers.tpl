{{/* The name of the chart, as app.kubernetes.io/name. */}}
{{- define "operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of the objects: the release, unless it does not say what it is. */}}
{{- define "operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of this release: the operator's and the drain's. */}}
{{- define "operator.releaseSelector" -}}
app.kubernetes.io/name: {{ include "operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What selects the operator's own pod. */}}
{{- define "operator.selector" -}}
{{ include "operator.releaseSelector" . }}
app.kubernetes.io/component: operator
{{- end -}}

{{/* Labels of every object. `part-of` is not the instances' own: those select what may reach a database. */}}
{{- define "operator.labels" -}}
{{ include "operator.releaseSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "operator.serviceAccountName" -}}
{{- default (include "operator.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "operator.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Pod Security "restricted", written at both levels: a webhook that drops one leaves the other. */}}
{{- define "operator.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "operator.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* What boto3 reads. With a role, the same three that the operator gives to the instances' pods. */}}
{{- define "operator.awsEnvironment" -}}
- name: AWS_REGION
  value: {{ .Values.settings.region | quote }}
- name: AWS_DEFAULT_REGION
  value: {{ .Values.settings.region | quote }}
- name: AWS_STS_REGIONAL_ENDPOINTS
  value: regional
# Never the node's role: without one of its own the operator has none.
- name: AWS_EC2_METADATA_DISABLED
  value: "true"
{{- with .Values.serviceAccount.roleArn }}
- name: AWS_ROLE_ARN
  value: {{ . | quote }}
- name: AWS_WEB_IDENTITY_TOKEN_FILE
  value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token
{{- end }}
{{- with .Values.settings.awsEndpointUrl }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* What the operator may do where the instances are. */}}
{{- define "operator.rules" -}}
# patch is for the finalizer; the operator never creates or deletes an AppInstance.
- apiGroups: [platform.appinstance.io]
  resources: [appinstances]
  verbs: [list, patch, watch]
- apiGroups: [platform.appinstance.io]
  resources: [appinstances/status]
  verbs: [patch]
# What an instance becomes. Written by server-side apply, which asks for create and patch.
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [create, delete, list, patch, watch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [create, delete, list, patch, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [create, delete, list, patch, watch]
- apiGroups: [batch]
  resources: [cronjobs, jobs]
  verbs: [create, delete, list, patch, watch]
- apiGroups: [external-secrets.io]
  resources: [externalsecrets, secretstores]
  verbs: [create, delete, list, patch, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [create, delete, list, patch, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [create, delete, list, patch, watch]
{{- if .Values.settings.podSecurityGroups }}
- apiGroups: [vpcresources.k8s.aws]
  resources: [securitygrouppolicies]
  verbs: [create, delete, list, patch, watch]
{{- end }}
{{- if and (eq (dig "edge" "className" "alb" .Values.settings) "alb") (not .Values.settings.namespaces) }}
# Their labels say whether the load balancer's readiness gates are asked for; metadata alone.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- end }}
# Only their metadata is asked for, to notice a rotation; RBAC cannot say so.
- apiGroups: [""]
  resources: [secrets]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, list]
{{- end -}}


{{/* Annotations of what exists only while `helm test` runs. Takes the weight. */}}
{{- define "operator.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end -}}
