{{/* The provisioner of databases (docs/adr/0034). Its pods have a name of their own: the operator's policy, which opens
     the API server, is not for them. */}}
{{- define "database.name" -}}appinstance-database{{- end -}}

{{- define "database.enabled" -}}
{{- if dig "database" "provisioning" "" .Values.settings -}}true{{- end -}}
{{- end -}}

{{- define "database.selector" -}}
app.kubernetes.io/name: {{ include "database.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "database.labels" -}}
{{ include "database.selector" . }}
app.kubernetes.io/component: database
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "database.image" -}}
{{- $image := .Values.provisioner.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "database.administratorSecret" -}}
{{- default (printf "%s-administrator" (include "database.name" .)) .Values.provisioner.administrator.existingSecret -}}
{{- end -}}

{{/* A Job's spec. Takes root and args. Exit codes from 20 on are answers, which trying again does not change; what else
     fails is tried again. */}}
{{- define "database.jobSpec" -}}
{{- $root := .root -}}
{{- $values := $root.Values.provisioner -}}
backoffLimit: 2
activeDeadlineSeconds: {{ int $values.timeoutSeconds }}
ttlSecondsAfterFinished: 3600
podFailurePolicy:
  rules:
    - action: Ignore
      onPodConditions:
        - {type: DisruptionTarget, status: "True"}
    - action: FailJob
      onExitCodes:
        containerName: provisioner
        operator: In
        values: [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33]
template:
  metadata:
    labels:
      {{- include "database.labels" $root | nindent 6 }}
  spec:
    serviceAccountName: {{ include "database.name" $root }}
    automountServiceAccountToken: false
    enableServiceLinks: false
    restartPolicy: Never
    terminationGracePeriodSeconds: 30
    securityContext:
      {{- include "operator.podSecurityContext" $root | nindent 6 }}
    containers:
      - name: provisioner
        image: {{ include "database.image" $root | quote }}
        imagePullPolicy: {{ $values.image.pullPolicy }}
        args: {{ toJson .args }}
        env:
          - name: AWS_REGION
            value: {{ $root.Values.settings.region | quote }}
          - name: AWS_DEFAULT_REGION
            value: {{ $root.Values.settings.region | quote }}
          - name: AWS_STS_REGIONAL_ENDPOINTS
            value: regional
          # Never the node's role.
          - name: AWS_EC2_METADATA_DISABLED
            value: "true"
          {{- with $values.roleArn }}
          - name: AWS_ROLE_ARN
            value: {{ . | quote }}
          - name: AWS_WEB_IDENTITY_TOKEN_FILE
            value: /var/run/secrets/eks.amazonaws.com/serviceaccount/token
          {{- end }}
          {{- with $root.Values.settings.awsEndpointUrl }}
          - name: AWS_ENDPOINT_URL
            value: {{ . | quote }}
          {{- end }}
          - name: HOME
            value: /tmp
        resources:
          {{- toYaml $values.resources | nindent 10 }}
        securityContext:
          {{- include "operator.containerSecurityContext" $root | nindent 10 }}
        volumeMounts:
          - name: settings
            mountPath: /etc/appinstance
            readOnly: true
          - name: administrator
            mountPath: /var/run/appinstance/administrator
            readOnly: true
          - name: tmp
            mountPath: /tmp
          {{- if $values.roleArn }}
          - name: aws-token
            mountPath: /var/run/secrets/eks.amazonaws.com/serviceaccount
            readOnly: true
          {{- end }}
    volumes:
      - name: settings
        configMap:
          name: {{ include "operator.fullname" $root }}-settings
      - name: administrator
        secret:
          secretName: {{ include "database.administratorSecret" $root }}
          defaultMode: 0440
          items:
            - {key: username, path: username}
            - {key: password, path: password}
      - name: tmp
        emptyDir:
          sizeLimit: {{ $values.dumpSize }}
      {{- if $values.roleArn }}
      - name: aws-token
        projected:
          sources:
            - serviceAccountToken:
                audience: sts.amazonaws.com
                expirationSeconds: 3600
                path: token
      {{- end }}
    {{- with $root.Values.nodeSelector }}
    nodeSelector:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $root.Values.tolerations }}
    tolerations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end -}}

{{/* Peers of the settings as peers of a NetworkPolicy. */}}
{{- define "database.peers" -}}
{{- range . }}
{{- if .cidr }}
- ipBlock:
    cidr: {{ .cidr | quote }}
{{- else }}
- namespaceSelector:
    {{- toYaml .namespaceSelector | nindent 4 }}
  podSelector:
    {{- toYaml .podSelector | nindent 4 }}
{{- end }}
{{- end }}
{{- end -}}
