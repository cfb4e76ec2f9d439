{{/* The name of the AppInstance, and with it of everything that the operator makes: the release's. */}}
{{- define "appinstance.instanceName" -}}
{{- $name := default .Release.Name .Values.metadata.name -}}
{{- if gt (len $name) 40 -}}
{{- fail (printf "the name %q has %d characters, and the operator needs at most 40 to name its objects: set metadata.name" $name (len $name)) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{/*
Labels of this chart's objects. Not name=appinstance and instance=<name>: the operator's policies and
Services select by those, and the test's pod must not be taken for one of the instance's.
*/}}
{{- define "appinstance.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* Metadata of the test's objects, which exist only while `helm test` runs. Arguments: root, weight. */}}
{{- define "appinstance.testMetadata" -}}
{{- $root := index . 0 -}}
name: {{ include "appinstance.instanceName" $root }}-test
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "appinstance.labels" $root | nindent 2 }}
annotations:
  helm.sh/hook: test
  helm.sh/hook-weight: {{ index . 1 | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
